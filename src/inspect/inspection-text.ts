import type { IconManifest } from "../manifest/index.ts";
import { formatSize } from "./format-size.ts";
import { grantLines } from "./grant-lines.ts";
import type { Catalog, Inspection, PartInspection } from "./inspection.ts";
import { printable } from "./printable.ts";
import { signature } from "./signature.ts";
import { groupWires, type WireGroup } from "./wiring-groups.ts";

const WIDTH = 100;
const LABEL = 10;

/** How a heading or a warning is set apart, for example with colours. */
export type Emphasis = (style: "bold" | "red", text: string) => string;

/** What {@link inspect} found, for a person: aligned, at most 100 columns where names allow it. */
export function inspectionText(inspection: Inspection, file: string, emphasis: Emphasis): string {
  const { catalog, parts, contradictions } = inspection;
  const blocks = [
    contradictions.length === 0
      ? []
      : [
          emphasis("red", "The manifest and the bytes disagree. Do not trust this file:"),
          ...contradictions.flatMap((each) => wrap("  - ", "    ", each.split(" "), " ")),
        ],
    [emphasis("bold", printable(title(inspection))), ...summary(inspection, file, emphasis)],
    ...(catalog === undefined ? [] : catalogBlocks(catalog, emphasis)),
    ...(isComposed(inspection)
      ? [[emphasis("bold", "Parts"), ...parts.flatMap((part) => partLines(part, emphasis))]]
      : []),
  ];
  return `${blocks
    .filter((block) => block.length > 0)
    .map((block) => block.join("\n"))
    .join("\n\n")}\n`;
}

function isComposed({ kind }: Inspection): boolean {
  return kind === "core" || kind === "bundle";
}

const KINDS: Record<Inspection["kind"], string> = {
  provider: "provider",
  middleware: "middleware",
  core: "composed server",
  bundle: "composed server with the adapter of a host",
  component: "component without a manifest",
};

function title({ kind, name, version, access }: Inspection): string {
  const what = `${KINDS[kind]}${access === undefined ? "" : `, access ${access}`}`;
  return name === undefined ? what : `${name} ${version}, ${what}`;
}

function summary(inspection: Inspection, file: string, emphasis: Emphasis): string[] {
  const { digest, sizes, core, catalog, chain, parts, shared, imports, exports, stubs } = inspection;
  const { policyDigest, verdict, cache } = inspection;
  const lines = [
    ...field("file", [file]),
    ...field("digest", [digest]),
    ...field("size", [`${formatSize(sizes.raw)}, ${formatSize(sizes.gzip)} gzip`]),
  ];
  lines.splice(0, 0, ...aboutLines(inspection));
  if (core !== undefined) lines.push(...field("core", [core.digest, formatSize(core.sizes.raw)]));
  if (chain !== undefined) {
    const providers = parts.filter(({ role }) => role === "provider").map(({ as }) => as);
    lines.push(
      ...field("chain", ["host", ...linkTexts(chain, parts), "router", providers.join(", ")], " → "),
    );
  }
  if (verdict !== undefined) {
    const said = field("verdict", verdict.text.split(" "), " ");
    lines.push(...(verdict.proven ? said : said.map((line) => emphasis("red", line))));
  }
  if (policyDigest !== undefined) lines.push(...field("policy", [policyDigest]));
  if (cache !== undefined) lines.push(...field("caching", cacheText(cache)));
  for (const { size, usedBy } of shared) {
    lines.push(...field("shared", [`${formatSize(size)} once, for ${usedBy.join(", ")}`]));
  }
  if (catalog !== undefined) lines.push(...field("catalog", [catalog.digest]));
  const [part] = parts;
  if (!isComposed(inspection) && part !== undefined) {
    lines.push(...made(part, "  "), ...asked(part, "  "), ...wireLines(part, "  "));
  }
  if (isComposed(inspection)) lines.push(...field("imports", names(imports)));
  lines.push(...field("exports", names(exports)));
  if (isComposed(inspection))
    lines.push(...field("denied", [`${functionCount(stubs.length)} answered by stubs`]));
  return lines;
}

/** What the server says of itself to people and models. */
function aboutLines({ description, websiteUrl, icons, instructions }: Inspection): string[] {
  const words = (label: string, text: string | undefined): string[] =>
    text === undefined ? [] : field(label, text.split(/\s+/), " ");
  return [
    ...words("about", description),
    ...words("website", websiteUrl),
    ...(icons === undefined ? [] : field("icons", icons.map(iconText))),
    ...words("tells", instructions),
  ];
}

const MAX_SOURCE = 60;

function iconText({ src, sizes = [], theme }: IconManifest): string {
  const facts = [...sizes, ...(theme === undefined ? [] : [theme])];
  const source = src.length > MAX_SOURCE ? `${src.slice(0, MAX_SOURCE)}…` : src;
  return facts.length === 0 ? source : `${source} (${facts.join(" ")})`;
}

function cacheText({ scope, lists }: NonNullable<Inspection["cache"]>): string[] {
  const hints = Object.entries(lists).map(([list, hint]) => `${list} ${hint.ttlMs / 1000} s ${hint.scope}`);
  return [`results at most ${scope}`, ...hints];
}

/** The components of the chain: what is fused goes together. */
function linkTexts(chain: readonly string[], parts: readonly PartInspection[]): string[] {
  return chain.flatMap((as) => {
    const fused = parts.find((part) => part.as === as)?.fused ?? [as];
    return fused[0] === as ? [fused.map((name) => linkText(name, parts)).join(" + ")] : [];
  });
}

/** A middleware in the chain, with what decides its place. */
function linkText(as: string, parts: readonly PartInspection[]): string {
  const part = parts.find((each) => each.as === as);
  if (part?.authenticates) return `${as} (authenticates)`;
  return part?.requires?.some(({ principal }) => principal) ? `${as} (by principal)` : as;
}

function requirementLines({ requires = [] }: PartInspection, indent: string): string[] {
  return requires.flatMap(({ principal, behindAuthentication, peer, http, kv, secret, for: reason }) => {
    const demands = [
      ...(principal ? ["a known caller"] : []),
      ...(behindAuthentication ? ["a place behind authentication"] : []),
      ...(peer ? ["the address of the client"] : []),
      ...(http === undefined ? [] : [`http to what "${http}" names`]),
      ...(kv === undefined ? [] : [`keys below "${kv.prefix}"${featureText(kv.features)}`]),
      ...(secret === undefined ? [] : [`the secret that "${secret}" names`]),
    ];
    return field("requires", `${demands.join(", ")}, for: ${reason}`.split(" "), " ", indent);
  });
}

function featureText(features: readonly string[] = []): string {
  return features.length === 0 ? "" : ` in a store with ${features.join(" and ")}`;
}

function functionCount(count: number): string {
  return `${count} ${count === 1 ? "function" : "functions"}`;
}

function names(all: readonly string[]): string[] {
  return all.length === 0 ? ["nothing"] : [...all];
}

function catalogBlocks(catalog: Catalog, emphasis: Emphasis): string[][] {
  const { tools, resources, resourceTemplates, prompts, dynamic } = catalog;
  const lists = {
    tools: {
      heading: "Tools",
      rows: tools.map(({ definition, provider }) => [signature(definition, WIDTH - 20), provider]),
    },
    resources: {
      heading: "Resources",
      rows: resources.map(({ definition, provider }) => [
        `${definition.uri}${definition.mimeType === undefined ? "" : ` (${definition.mimeType})`}`,
        provider,
      ]),
    },
    resourceTemplates: {
      heading: "Resource templates",
      rows: resourceTemplates.map(({ definition, provider }) => [definition.uriTemplate, provider]),
    },
    prompts: {
      heading: "Prompts",
      rows: prompts.map(({ definition: { name, arguments: all = [] }, provider }) => [
        `${name}(${all.map((each) => `${each.name}${each.required ? "" : "?"}`).join(", ")})`,
        provider,
      ]),
    },
  };
  return (Object.keys(lists) as (keyof typeof lists)[]).flatMap((list) => {
    const { heading, rows } = lists[list];
    const adding = dynamic.filter((each) => each.list === list).map(({ provider }) => provider);
    if (rows.length === 0 && adding.length === 0) return [];
    const width = Math.min(Math.max(0, ...rows.map(([text]) => text!.length)), WIDTH - 20);
    return [
      [
        emphasis("bold", `${heading} (${rows.length})`),
        ...rows.map(([text, provider]) => printable(`  ${text!.padEnd(width)}  ${provider}`)),
        ...adding.map((provider) => printable(`  and more that only ${provider} knows when it runs`)),
      ],
    ];
  });
}

function partLines(part: PartInspection, emphasis: Emphasis): string[] {
  const { as, role, name, version, digest, sizes } = part;
  const what = name === undefined ? [role] : [role, ...(name === as ? [] : [name]), version];
  const size = sizes === undefined ? "not in the bytes" : formatSize(sizes.raw);
  return [
    printable(`  ${as}: ${what.join(" ")}, ${size}`),
    ...field("digest", [digest ?? "the manifest names no such part"], ", ", "    "),
    ...made(part, "    "),
    ...asked(part, "    "),
    ...unsafeLines(part).map((line) => emphasis("red", line)),
    ...requirementLines(part, "    "),
    ...fusedLines(part),
  ];
}

/** What a part is wired to; of several that are fused the last one tells it for all. */
function fusedLines(part: PartInspection): string[] {
  const { as, fused } = part;
  if (fused === undefined) return wireLines(part, "    ");
  const others = fused.filter((name) => name !== as).join(", ");
  const engine = field("engine", `one with ${others}, grants joined`.split(" "), " ", "    ");
  return fused.at(-1) === as ? [...engine, ...wireLines(part, "    ")] : engine;
}

function made({ toolchain, methods, asks }: PartInspection, indent: string): string[] {
  if (toolchain === undefined) return [];
  const { sdk, engine } = toolchain;
  return [
    ...field("made with", [`sdk ${sdk}`, `${engine.name} ${engine.version}`], ", ", indent),
    ...(methods === undefined ? [] : field("methods", methods, ", ", indent)),
    ...(asks === true ? field("client", ["asked while a call runs"], ", ", indent) : []),
  ];
}

function asked({ capabilities }: PartInspection, indent: string): string[] {
  return capabilities.flatMap(({ interface: id, reason }) =>
    field(
      "asks for",
      [id, ...(reason === undefined ? [] : [`– ${reason}`])].join(" ").split(" "),
      " ",
      indent,
    ),
  );
}

const LEADS_TO: Record<WireGroup["kind"], string> = {
  unknown: "UNKNOWN",
  gate: "gate",
  host: "host",
  log: "log",
  settings: "settings",
  catalog: "catalog",
  audit: "audit",
  crypto: "crypto",
  random: "random",
  next: "next",
  part: "part",
  open: "imports",
  stub: "denied",
};

function wireLines(part: PartInspection, indent: string): string[] {
  return groupWires(part.imports).flatMap(({ kind, packages, functions }) => {
    if (kind === "gate") return gateLines(part, indent);
    const count = kind === "stub" ? `${functionCount(functions)} of ` : "";
    return field(LEADS_TO[kind], (count + packages.join(", ")).split(" "), " ", indent);
  });
}

/** What no gate and no stub stands before. */
function unsafeLines(part: PartInspection): string[] {
  if (part.unsafe === undefined) return [];
  const what = `${part.unsafe.join(", ")} without a gate`;
  return field("UNSAFE", what.split(" "), " ", "    ");
}

function gateLines({ imports }: PartInspection, indent: string): string[] {
  return imports.flatMap(({ wires }) =>
    wires.flatMap((wire) => {
      if (wire.kind !== "gate") return [];
      if (wire.grant === undefined) return field("gate", ["unknown"], " ", indent);
      return grantLines(wire.grant).flatMap(({ service, what, how = "" }) =>
        field("gate", `${service} ${what} ${how}`.trim().split(" "), " ", indent),
      );
    }),
  );
}

/** A label and a list, on as many lines as it takes. */
function field(label: string, items: readonly string[], separator = ", ", indent = "  "): string[] {
  return wrap(`${indent}${label.padEnd(LABEL)}`, " ".repeat(indent.length + LABEL), items, separator);
}

function wrap(first: string, further: string, items: readonly string[], separator: string): string[] {
  const lines: string[] = [];
  let line = first;
  let empty = true;
  items.forEach((item, i) => {
    const piece = printable(item) + (i < items.length - 1 ? separator : "");
    if (!empty && line.length + piece.trimEnd().length > WIDTH) {
      lines.push(line.trimEnd());
      line = further;
    }
    line += piece;
    empty = false;
  });
  return [...lines, line.trimEnd()];
}
