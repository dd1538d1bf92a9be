import { asksClient, type JsonSchema } from "../manifest/index.ts";
import type { Bundle } from "./bundle.ts";
import { CHECKS_MODULE } from "./checks-module.ts";
import type { Definition } from "./evaluate-definition.ts";
import { ALWAYS_THERE, GUEST_GLOBALS } from "./guest-globals.ts";
import { runtimePartsOf, usedGlobals } from "./used-runtime-parts.ts";

/** The services of `tenon:host` that a definition may declare, by their names in `ctx`. */
const SERVICES = ["config", "http", "kv", "secrets"] as const;

/**
 * The module that a component is made of: the parts of the guest runtime that the author's code uses, the author's module,
 * and the export that serves it with what its definition declares.
 *
 * @param own The author's code, bundled with `MARKED_GLOBALS`.
 * @param checks What stands for schemas: whether some tools check by what was compiled, and whether zod is left out for it.
 */
export function entrySource(
  entry: string,
  definition: Definition,
  own: Bundle,
  checks: { readonly some: boolean; readonly withoutZod: boolean },
): string {
  const { code } = own;
  const declared = definition.capabilities.map((capability) => capability.interface);
  const globals = usedGlobals(code).filter((name) => isLentGlobal(name, declared));
  const lines = [ALWAYS_THERE, ...runtimePartsOf(globals)].map((part) => `import "tenon-guest/${part}";`);
  const { imports, lent } = lentTo(definition, code);
  lines.push(...imports);
  if (asks(definition, code)) {
    // It replaces `Date`, so the author's module comes after it.
    lines.push('import { createAsker } from "tenon-guest/asker";');
    lent.push(`asker: createAsker({ ${converters(lines, own, checks.withoutZod)} })`);
  }
  if (definition.kind === "middleware") {
    lines.push(NEXT);
    lent.push("next: handle");
    if (hasSettings(definition)) {
      lines.push(SETTINGS);
      lent.push("settings");
    }
  }
  lines.push(`import definition from ${JSON.stringify(entry)};`);
  if (definition.kind === "provider") {
    const kinds = methodsOf(definition).join(", ");
    if (checks.some) {
      lines.push(
        'import { withChecks } from "tenon-guest/compiled-schema";',
        `import { checks } from ${JSON.stringify(CHECKS_MODULE)};`,
      );
    }
    lines.push(
      `import { serveProvider, ${kinds} } from "tenon-guest/serve-provider";`,
      `const served = ${checks.some ? "withChecks(definition, checks)" : "definition"};`,
      `export const provider = serveProvider(served, { ${lent.join(", ")} }, [${kinds}]);`,
    );
  } else {
    lines.push(
      'import { serveMiddleware } from "tenon-guest/serve-middleware";',
      `export const handler = serveMiddleware(definition, { ${lent.join(", ")} });`,
    );
  }
  return lines.join("\n");
}

/** What the entry of every middleware imports, and of those that have settings. */
const NEXT = 'import { handle } from "tenon:mcp/handler@0.1.0";';
const SETTINGS = 'import { settings } from "tenon:host/config@0.1.0";';

/**
 * What a definition is lent besides its settings and the rest of the chain: import statements, and the members of an object.
 *
 * @param code Of the author.
 */
function lentTo(definition: Definition, code: string): { imports: string[]; lent: string[] } {
  const imports: string[] = [];
  const lent: string[] = [];
  const lend = (member: string, from: string, name = member): void => {
    imports.push(`import { ${name} } from ${JSON.stringify(from)};`);
    lent.push(member === name ? name : `${member}: ${name}`);
  };
  const declared = definition.capabilities.map((capability) => capability.interface);
  const services = SERVICES.filter((name) => declared.includes(`tenon:host/${name}`));
  for (const name of services) imports.push(`import { ${name} } from "tenon-guest/services/${name}";`);
  lent.push(`services: { ${services.join(", ")} }`);
  // What middleware logs is not for clients.
  const told = "progress|resourceUpdated|listChanged";
  const notifies = new RegExp(String.raw`\b(?:${told}${definition.kind === "provider" ? "|log" : ""})\b`);
  if (notifies.test(code)) lend("notify", "tenon:mcp/outbox@0.1.0");
  if (/\bsignal\b/.test(code)) lend("signal", "tenon-guest/call-signal", "callSignal");
  if (definition.kind === "middleware") {
    if (definition.authenticates) lend("authorization", "tenon:host/credentials@0.1.0");
    if (definition.authenticates || /\baudit\b/.test(code)) {
      imports.push('import { record, take } from "tenon:mcp/audit@0.1.0";');
      lent.push("audit: { record, take }");
    }
    if (definition.authenticates || /\bcatalog\b/.test(code))
      lend("catalog", "tenon:mcp/catalog@0.1.0", "get");
  }
  return { imports, lent };
}

/** One of several middleware in one component. */
export interface ChainLink {
  /** Its name in the composition. */
  readonly as: string;
  /** Path of its module. */
  readonly entry: string;
  readonly definition: Definition & { kind: "middleware" };
  /** The author's code, bundled with `MARKED_GLOBALS`. */
  readonly code: string;
}

/**
 * The module that a component of several middleware is made of. Each is served as if it were alone, and what it calls next is
 * what serves the one behind it. The settings of all come as one text, a line for each.
 *
 * @param chain In the order that a request passes them.
 */
export function chainSource(chain: readonly ChainLink[]): string {
  const globals = new Set(
    chain.flatMap(({ definition, code }) => {
      const declared = definition.capabilities.map((capability) => capability.interface);
      return usedGlobals(code).filter((name) => isLentGlobal(name, declared));
    }),
  );
  const imports = new Set<string>(
    [ALWAYS_THERE, ...runtimePartsOf([...globals])].map((part) => `import "tenon-guest/${part}";`),
  );
  const served: string[] = [];
  let next = "handle";
  for (const [i, link] of [...chain.entries()].toReversed()) {
    const { imports: own, lent } = lentTo(link.definition, link.code);
    for (const line of own) imports.add(line);
    imports.add(`import definition${i} from ${JSON.stringify(link.entry)};`);
    if (hasSettings(link.definition)) lent.push(`settings: () => settings().split("\\n")[${i}]`);
    served.push(
      `const link${i} = serveMiddleware(definition${i}, { ${lent.join(", ")}, next: ${next}, as: ${JSON.stringify(link.as)} });`,
    );
    next = `link${i}.handle`;
  }
  return [
    ...imports,
    NEXT,
    SETTINGS,
    'import { serveMiddleware } from "tenon-guest/serve-middleware";',
    ...served,
    "export const handler = link0;",
  ].join("\n");
}

function isLentGlobal(name: string, declared: readonly string[]): boolean {
  const { capability } = GUEST_GLOBALS[name]!;
  return capability === undefined || declared.includes(capability);
}

/** True for a provider whose code may ask its client. */
export function asks({ kind }: Definition, code: string): boolean {
  return kind === "provider" && asksClient(code);
}

/** What describes the schemas of forms when the component runs: that of each library the code imports. */
function converters(lines: string[], { metafile }: Bundle, withoutZod: boolean): string {
  const paths = Object.entries(metafile.inputs).flatMap(([path, { imports }]) => [
    path,
    ...imports.map((item) => item.path),
  ]);
  return CONVERTERS.flatMap(({ library, name, as }) => {
    if ((as === "zod" && withoutZod) || !paths.some((path) => library.test(path))) return [];
    lines.push(`import * as ${as} from "tenon-project-${as}";`);
    return [`${as}: ${as}.${name}`];
  }).join(", ");
}

const CONVERTERS = [
  { as: "zod", name: "toJSONSchema", library: /^zod(?:$|\/)/ },
  { as: "valibot", name: "toJsonSchema", library: /(?:^|\/)node_modules\/valibot\// },
] as const;

/** The kinds of methods, as `serve-provider` exports them, that what a provider offers needs. */
function methodsOf(definition: Definition & { kind: "provider" }): string[] {
  const { dynamic = [] } = definition;
  const has = (kind: "tools" | "resources" | "resourceTemplates" | "prompts"): boolean =>
    (definition[kind]?.length ?? 0) > 0 || dynamic.includes(kind);
  const needed: string[] = [];
  const becomeTasks = definition.tools.some(({ task }) => task !== undefined);
  if (has("tools")) needed.push(becomeTasks ? "taskMethods" : "toolMethods");
  if (has("resources") || has("resourceTemplates")) needed.push("resourceMethods");
  if (has("prompts")) needed.push("promptMethods");
  if (has("prompts") || has("resourceTemplates")) needed.push("completionMethods");
  if (dynamic.length > 0) needed.push("listMethods");
  return needed;
}

/** False for a settings schema that only an empty object matches; any keyword but these may admit more. */
function hasSettings({ settingsSchema }: { settingsSchema: JsonSchema }): boolean {
  const { type, properties, additionalProperties, ...rest } = settingsSchema;
  const named = Object.keys(properties ?? {}).length;
  const isEmpty =
    type === "object" && named === 0 && additionalProperties === false && Object.keys(rest).length === 0;
  return !isEmpty;
}
