import { GUEST_GLOBALS } from "./guest-globals.ts";
import { MARKED, markOf } from "./mark-globals.ts";

const NAMES = Object.keys(GUEST_GLOBALS);

/**
 * For the bundler's `define`: marks each use of a global of the guest runtime, and only uses. A word in a string is none,
 * nor is a name that the code declares itself, nor what is bundled away.
 */
export const MARKED_GLOBALS: Readonly<Record<string, string>> = Object.fromEntries(
  NAMES.flatMap((name) => [
    [name, markOf(name)],
    [`globalThis.${name}`, markOf(name)],
  ]),
);

/** Globals whose members can be reached without naming them, `const { random } = Math` for one. */
const OBJECTS: readonly (readonly [object: string, use: RegExp])[] = [
  // Bundled code often reads a member as `(x = globalThis).member`.
  ["globalThis", /\bglobalThis\b(?!\)?\.)/],
  ["Math", /\bMath\b(?!\.)/],
  ["crypto", new RegExp(`${markOf("crypto")}(?![$\\w.])`)],
];

/**
 * Schemas of zod that parse with `URL`. Any other gets by without: zod names `URL` in every component that has a string,
 * and `URL` is larger than many components.
 */
const SCHEMAS_WITH_URL =
  /\.(?:url|httpUrl|ipv6|cidrv6)\(|\bimport\{[^}]*\b(?:url|httpUrl|ipv6|cidrv6)\b[^}]*\}from"zod/;

/**
 * The globals of the guest runtime that code may use.
 *
 * @param code Bundled with {@link MARKED_GLOBALS}, and without zod.
 */
export function usedGlobals(code: string): string[] {
  const marks = new Set(code.match(MARKED));
  if (SCHEMAS_WITH_URL.test(code)) marks.add(markOf("URL"));
  const escaping = OBJECTS.filter(([, use]) => use.test(code)).map(([object]) => object);
  return NAMES.filter((name) => {
    if (marks.has(markOf(name))) return true;
    const [object, member] = name.includes(".") ? name.split(".") : ["globalThis", name];
    return escaping.includes(object!) && new RegExp(`\\b${member}\\b`).test(code);
  });
}

/** The modules of the guest runtime that define globals, each once. */
export function runtimePartsOf(globals: readonly string[]): string[] {
  return [...new Set(globals.map((name) => GUEST_GLOBALS[name]!.part))].sort();
}
