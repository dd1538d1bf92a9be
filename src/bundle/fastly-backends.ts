import type { JoinedGrants } from "./joined-grants.ts";

/** Letters that stand for what a name of a backend cannot have; origins have none in upper case. */
const LETTERS: Record<string, string> = { ".": "_", "-": "H", ":": "P", "[": "L", "]": "R", _: "U" };

/**
 * The name of the backend that reaches an origin: `origin_https_api_example_com` for `https://api.example.com`, with `P`
 * before a port and `H` for a hyphen. Different origins have different names.
 */
function backendName(origin: string): string {
  const named = origin.replace("://", ".").replaceAll(/[^a-z0-9]/g, (each) => LETTERS[each] ?? "X");
  return `origin_${named}`;
}

/** The backends of a server, by the origin each reaches. */
export function backendsOf({ http }: JoinedGrants): Record<string, string> {
  const origins = new Set(http.map(({ origin }) => origin));
  return Object.fromEntries([...origins].sort().map((origin) => [origin, backendName(origin)]));
}
