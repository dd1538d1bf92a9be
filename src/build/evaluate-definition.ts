import { dirname, resolve } from "node:path";
import { performance } from "node:perf_hooks";
import vm from "node:vm";
import type { SourceLocation } from "../errors/index.ts";
import type { ToolSchemaChecks } from "../json-schema/index.ts";
import { definitionProblem, type MiddlewareManifest, type ProviderManifest } from "../manifest/index.ts";
import { originalPosition, parseSourceMap } from "../source-map/index.ts";
import { bundle, GENERATED, type Bundle } from "./bundle.ts";
import { hostStubPlugin, convertersPlugin } from "./bundle-plugins.ts";
import { ALWAYS_THERE, GUEST_GLOBALS } from "./guest-globals.ts";
import { importChain } from "./import-chain.ts";
import {
  findGlobalUses,
  MARK_GLOBALS,
  missingHint,
  undeclaredHint,
  unmarkGlobals,
  type GlobalUse,
} from "./missing-globals.ts";
import { moduleOrigin } from "./module-origin.ts";
import { loadError, missingGlobalsError, sourceLine } from "./source-error.ts";
import { runtimePartsOf } from "./used-runtime-parts.ts";

/** What the author's module defines: its manifest without what only the build knows. */
export type Definition = Omit<ProviderManifest, "toolchain"> | Omit<MiddlewareManifest, "toolchain">;

/** A definition, and what the module logged while it was loaded. */
export interface Evaluated {
  definition: Definition;
  /** What is to be compiled to check values, by the names of tools. */
  checks: Readonly<Record<string, ToolSchemaChecks>>;
  earlyLines: string[];
  /** True when it read the clock: what it keeps of that is the time of the build. */
  readsClock: boolean;
}

const TIME_LIMIT_MS = 3000;
const FILE_NAME = "tenon-definition.js";

/** The whole runtime: which parts of it a component gets is only known once its definition is. */
const RUNTIME = [ALWAYS_THERE, ...runtimePartsOf(Object.keys(GUEST_GLOBALS))];

const SOURCE = (entry: string): string => `
${RUNTIME.map((part) => `import "tenon-guest/${part}";`).join("\n")}
import { clockReads } from "tenon-guest/watch-clock";
import * as author from ${JSON.stringify(entry)};
import * as zod from "tenon-project-zod";
import * as valibot from "tenon-project-valibot";
import { describeDefinition } from "tenon-guest/describe-definition";
import { earlyLines } from "tenon-guest/log";
export const json = JSON.stringify({
  readsClock: clockReads() > 0,
  earlyLines: earlyLines(),
  ...describeDefinition(author.default, { zod: zod.toJSONSchema, valibot: valibot.toJsonSchema }),
});
`;

/**
 * Learns what a module defines by loading it with the guest runtime in a context that has only what the engine has,
 * for at most 3 seconds. The context keeps mistakes apart, not attackers: building a module trusts it.
 *
 * @param allowMissing Globals that the code may use though components lack them.
 * @throws ToolkitError `ERR_BUILD_SOURCE` when the module uses what components do not have, or fails while it is loaded.
 * @throws ToolkitError `ERR_BUILD_DEFINITION` when it defines no component, or one that is not as described.
 */
export async function evaluateDefinition(
  entry: string,
  allowMissing: readonly string[] = [],
): Promise<Evaluated> {
  const marked = await bundle({
    entry,
    source: SOURCE(entry),
    format: "iife",
    minify: false,
    define: MARK_GLOBALS,
    plugins: [hostStubPlugin, convertersPlugin(dirname(entry))],
  });
  const uses = (await findGlobalUses(marked, dirname(entry))).filter(
    ({ name }) => !allowMissing.includes(name),
  );
  refuseUses(entry, marked, uses, missingHint);
  const script = { ...marked, code: unmarkGlobals(marked.code) };
  let json: string;
  try {
    const context = engineContext();
    vm.runInContext(script.code, context, { filename: FILE_NAME, timeout: TIME_LIMIT_MS });
    json = vm.runInContext("result.json", context) as string;
  } catch (error) {
    throw evaluationError(entry, script, error);
  }
  const { kind, manifest, problem, checks, ownPatterns, earlyLines, readsClock } = JSON.parse(json) as Omit<
    Evaluated,
    "definition"
  > & {
    kind: "provider" | "middleware";
    manifest: object;
    ownPatterns: string[];
    problem?: string;
  };
  const definition = { manifestVersion: 1, kind, ...manifest } as Definition;
  const wrong = problem ?? (await definitionProblem(definition, ownPatterns));
  if (wrong !== undefined) {
    throw loadError(entry, lowerFirst(wrong), {
      code: "ERR_BUILD_DEFINITION",
      hint: "See the documentation of provider() and defineMiddleware()",
    });
  }
  const { capabilities } = definition;
  refuseUses(entry, marked, uses, (name) => undeclaredHint(name, capabilities));
  return { definition, checks, earlyLines, readsClock };
}

/** Refuses uses of globals that a component does not have: those that there is a hint for. */
function refuseUses(
  entry: string,
  { metafile }: Bundle,
  uses: readonly GlobalUse[],
  hintFor: (name: string) => string | undefined,
): void {
  const missing = uses.flatMap(({ source: file, ...use }) => {
    const hint = hintFor(use.name);
    return hint === undefined ? [] : [{ ...use, file, hint }];
  });
  if (missing.length === 0) return;
  throw missingGlobalsError(entry, dirname(entry), missing, (file) => importChain(metafile, file, GENERATED));
}

function toBase64(this: Uint8Array): string {
  return Buffer.from(this).toString("base64");
}

/** A context with the globals of QuickJS and nothing else. */
function engineContext(): vm.Context {
  const context = vm.createContext(Object.create(null) as object);
  for (const name of ["Atomics", "Intl", "WebAssembly", "console"]) {
    vm.runInContext(`delete globalThis.${name}`, context);
  }
  Object.assign(context, { atob, btoa, DOMException, performance: { now: () => performance.now() } });
  // Node before 25 does not have what the runtime converts bytes with.
  const Bytes = vm.runInContext("Uint8Array", context) as typeof Uint8Array & {
    fromBase64?: (text: string) => Uint8Array;
    prototype: { toBase64?: (this: Uint8Array) => string };
  };
  Bytes.fromBase64 ??= (text) => new Bytes(Buffer.from(text, "base64"));
  Bytes.prototype.toBase64 ??= toBase64;
  return context;
}

function evaluationError(entry: string, script: Bundle, error: unknown): Error {
  const { name, message, stack, code } = error as {
    name?: string;
    message?: string;
    stack?: string;
    code?: string;
  };
  if (code === "ERR_SCRIPT_EXECUTION_TIMEOUT") {
    return loadError(entry, `loading it took more than ${TIME_LIMIT_MS / 1000} seconds`, {
      code: "ERR_BUILD_SOURCE",
      hint: "Do the work in run or handle: a module is loaded once, when it is built",
    });
  }
  const location = authorLocation(entry, script, stack ?? "");
  if (name === "DefinitionError") {
    return loadError(entry, lowerFirst(message ?? ""), { code: "ERR_BUILD_DEFINITION", location });
  }
  const text = message === undefined ? String(error) : `${name}: ${message}`;
  const missing = name === "ReferenceError" ? /^(\S+) is not defined$/.exec(message ?? "")?.[1] : undefined;
  return loadError(entry, `it fails while it is loaded: ${text}`, {
    code: "ERR_BUILD_SOURCE",
    location,
    hint: missing === undefined ? undefined : `Components do not have "${missing}"`,
    cause: error,
  });
}

function lowerFirst(text: string): string {
  return text.slice(0, 1).toLowerCase() + text.slice(1);
}

/** Where the author's own code was when it failed: the first frame that is neither the runtime's nor a package's. */
function authorLocation(entry: string, script: Bundle, stack: string): SourceLocation | undefined {
  const map = parseSourceMap(script.sourceMap);
  if (map === undefined) return undefined;
  for (const [, line, column] of stack.matchAll(/tenon-definition\.js:(\d+):(\d+)/g)) {
    const place = originalPosition(map, Number(line), Number(column));
    if (place === undefined || moduleOrigin(place.source, dirname(entry)) !== "author") continue;
    const file = resolve(dirname(entry), place.source);
    return { file, line: place.line, column: place.column, ...sourceLine(file, place.line) };
  }
  return undefined;
}
