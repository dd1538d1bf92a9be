import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { ToolkitError, nearest } from "../errors/index.ts";
import { originalPosition, parseSourceMap } from "../source-map/index.ts";
import type { CapabilityRequest } from "../manifest/index.ts";
import { FOREIGN_GLOBALS } from "./foreign-globals.ts";
import { GUEST_GLOBALS } from "./guest-globals.ts";
import { MARKED, markOf } from "./mark-globals.ts";
import { moduleOrigin } from "./module-origin.ts";

/** A use of a global that the engine does not have by itself. */
export interface GlobalUse {
  name: string;
  /** Relative to the folder of the entry. */
  source: string;
  /** From 1. */
  line: number;
  /** From 1. */
  column: number;
}

const byMarkedName = new Map([...FOREIGN_GLOBALS.keys()].map((name) => [markOf(name), name]));

/** `require` is the bundler's own; what it cannot resolve becomes a call of this helper. */
const REQUIRE_HELPER = /\b__require\b(?!\("|=)/g;

/** For the bundler's `define`: marks uses of globals that the engine does not have. */
export const MARK_GLOBALS: Readonly<Record<string, string>> = Object.fromEntries(
  [...byMarkedName].filter(([, name]) => name !== "require").map(([mark, name]) => [name, mark]),
);

/** Gives marked globals their names back; every column stays. */
export function unmarkGlobals(code: string): string {
  return code.replace(MARKED, (mark) => byMarkedName.get(mark) ?? mark);
}

/**
 * The uses of globals that the engine does not have, in a bundle made with {@link MARK_GLOBALS}: those of the author's modules and of
 * packages, one for each name and line. A module that asks for a global first (`typeof Buffer`, `globalThis.Buffer`, `"Buffer" in
 * globalThis`), or asks whether it runs in Node or in a browser at all, may use it: it knows what to do without. So may the
 * wrapper of a universal module take any name of the global object.
 */
export async function findGlobalUses(
  script: { code: string; sourceMap: string },
  folder: string,
): Promise<GlobalUse[]> {
  const { code } = script;
  const found = [...code.matchAll(MARKED), ...code.matchAll(REQUIRE_HELPER)]
    .map(({ index, 0: mark }) => ({ at: index, name: byMarkedName.get(mark) ?? "require", mark }))
    .filter(({ name, mark }) => name !== "require" || mark === "__require")
    .sort((a, b) => a.at - b.at);
  if (found.length === 0) return [];
  const map = parseSourceMap(script.sourceMap)!;
  const starts = lineStarts(code);
  const uses = new Map<string, GlobalUse>();
  const asked = new Map<string, Set<string>>();
  for (const { at, name, mark } of found) {
    const line = starts.findLastIndex((start) => start <= at);
    const place = originalPosition(map, line + 1, at - starts[line]! + 1);
    const origin = place && moduleOrigin(place.source, folder);
    if (place === undefined || origin === "toolkit") continue;
    // Some packages ask `window && window.x`, which works nowhere but in a browser; they mean it as a question.
    const asks = isTypeof(code, at) || (origin !== "author" && code.startsWith(`${mark}&&${mark}.`, at));
    if (asks) {
      asked.set(place.source, (asked.get(place.source) ?? new Set()).add(name));
    } else {
      const key = `${name} ${place.source}:${place.line}`;
      if (!uses.has(key)) uses.set(key, { name, ...place });
    }
  }
  const unguarded: GlobalUse[] = [];
  for (const use of uses.values()) {
    if (isAskedFor(use.name, asked.get(use.source))) continue;
    if (!(await asksOtherwise(use, folder))) unguarded.push(use);
  }
  return unguarded;
}

/** Globals of {@link FOREIGN_GLOBALS} that every component has. */
const ALWAYS_THERE: ReadonlySet<string> = new Set([
  "console",
  "queueMicrotask",
  "atob",
  "btoa",
  "DOMException",
  "performance",
]);

/** What to do instead of using a global; nothing when components have it. */
export function missingHint(name: string): string | undefined {
  if (ALWAYS_THERE.has(name) || Object.hasOwn(GUEST_GLOBALS, name)) return undefined;
  return FOREIGN_GLOBALS.get(name)?.hint ?? "Use what ECMAScript has, or a package that needs no more";
}

/** What to declare for using a global; nothing when it needs nothing, or what is declared covers it. */
export function undeclaredHint(name: string, declared: readonly CapabilityRequest[]): string | undefined {
  const capability = Object.hasOwn(GUEST_GLOBALS, name) ? GUEST_GLOBALS[name]!.capability : undefined;
  if (capability === undefined || declared.some((request) => request.interface === capability))
    return undefined;
  const service = capability.replace("tenon:host/", "");
  return `Declare it: add capabilities: { ${service}: "why" } to the definition`;
}

/**
 * Checks names that someone allows to be missing.
 *
 * @throws ToolkitError `ERR_USAGE` when there is no such global: a slip of the pen would allow nothing.
 */
export function checkAllowed(names: readonly string[]): void {
  for (const name of names) {
    if (FOREIGN_GLOBALS.has(name)) continue;
    const near = nearest(name, [...FOREIGN_GLOBALS.keys()]);
    throw new ToolkitError(`Cannot allow "${name}" to be missing: no build asks for a global of that name`, {
      code: "ERR_USAGE",
      ...(near === undefined ? {} : { hint: `Did you mean "${near}"?` }),
    });
  }
}

const MARKERS = {
  node: ["process", "global", "require", "Buffer"],
  browser: ["window", "document", "navigator", "self"],
  both: [],
} as const;

function isAskedFor(name: string, asked: ReadonlySet<string> | undefined): boolean {
  if (asked === undefined) return false;
  const { family } = FOREIGN_GLOBALS.get(name)!;
  return asked.has(name) || MARKERS[family].some((marker) => asked.has(marker));
}

const GLOBAL_OBJECTS = ["global", "self", "window"];
/** What the wrapper of a universal module asks before it takes one of the names of the global object. */
const UNIVERSAL = /\btypeof\s*\(?\s*(?:globalThis|exports|define)\b/;

/** True when the module's own text asks for a global in a way that leaves no mark in the bundle. */
async function asksOtherwise({ name, source }: GlobalUse, folder: string): Promise<boolean> {
  const text = await readFile(resolve(folder, source), "utf8").catch(() => "");
  if (GLOBAL_OBJECTS.includes(name) && UNIVERSAL.test(text)) return true;
  const objects = ["globalThis", ...GLOBAL_OBJECTS].join("|");
  return new RegExp(
    `\\b(?:${objects})\\s*(?:\\?\\.|\\.)\\s*${name}\\b|(["'])${name}\\1\\s+in\\s+(?:${objects})\\b`,
  ).test(text);
}

function isTypeof(code: string, at: number): boolean {
  return /\btypeof[ (]?$/.test(code.slice(Math.max(0, at - 8), at));
}

function lineStarts(code: string): number[] {
  const starts = [0];
  for (let at = code.indexOf("\n"); at !== -1; at = code.indexOf("\n", at + 1)) starts.push(at + 1);
  return starts;
}
