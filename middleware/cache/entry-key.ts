import type { CatalogEntry, Principal } from "tenon";

/** Texts of longer parameters are not looked for: finding their key would take longer than many calls. */
const MAX_PARAMS_LENGTH = 64 * 1024;
// Of these numbers some that differ become one when they are parsed, and what a tool makes of them is its own affair.
const STRINGS = /"[^"\\]*(?:\\[^][^"\\]*)*"/g;
const ODD_NUMBERS = /[0-9][eE]|[0-9.]{16}|-0/;

/**
 * The key of what a call gives: a hash of all that it may depend on, each part told from the next as JSON tells them. Nothing
 * for a call that has none.
 *
 * @param caller Whom the result is for; `null` when it is for everyone.
 * @param params As the client sent them.
 */
export async function entryKey(
  { digest }: CatalogEntry,
  tool: string,
  caller: Principal | null,
  params: string,
): Promise<string | undefined> {
  if (params.length > MAX_PARAMS_LENGTH || ODD_NUMBERS.test(params.replace(STRINGS, ""))) return undefined;
  const { arguments: args = {} } = JSON.parse(params) as { arguments?: unknown };
  const text = canonicalJson([digest, tool, caller, args]);
  const hash = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return new Uint8Array(hash).toHex();
}

/** JSON with the members of objects in the order of their names, so that equal values have equal texts. */
function canonicalJson(value: unknown): string {
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join()}]`;
  const members = Object.entries(value)
    .filter(([, member]) => member !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${members.map(([name, member]) => `${JSON.stringify(name)}:${canonicalJson(member)}`).join()}}`;
}
