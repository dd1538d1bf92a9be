import type { Grants, HttpGrant, SecretGrant } from "../../manifest/index.ts";

/** One use of a service by a part, as a recording gate logs it. */
export interface Use {
  /** Such as `tenon:host/http`. */
  interface: string;
  /** Method, origin and path; or a function and a key or name. */
  request: string;
}

/** Longest path that a gate logs, in bytes: what has that length may have been cut. */
const MAX_PATH = 256;
const SEPARATOR = /[/:.|#-]/g;
/** Servers differ in what they take these for, so no prefix of a path covers them. */
const AMBIGUOUS = /%(?:2e|2f|5c)/i;

/**
 * The narrowest grants that cover what a part used, of those that a person would write: paths up to the first segment that
 * varies, prefixes of keys up to a separator.
 *
 * @param granted Grants of the part; of its secrets in header fields those stay whose origin was used.
 */
export function minimalGrants(uses: readonly Use[], granted: Grants): Grants {
  const of = (service: string): string[] => [
    ...new Set(uses.filter((use) => use.interface === `tenon:host/${service}`).map(({ request }) => request)),
  ];
  const http = httpGrants(of("http"));
  const kv = keyPrefixes(of("kv").map(afterSpace));
  const config = [...new Set(of("config").map(afterSpace))].sort();
  const secrets: SecretGrant[] = [
    ...[...new Set(of("secrets").map(afterSpace))].sort().map((name) => ({ name })),
    ...(granted.secrets ?? []).filter(({ origin }) => http.some((grant) => grant.origin === origin)),
  ];
  return {
    ...(http.length > 0 && { http }),
    ...(kv.length > 0 && { kv }),
    ...(config.length > 0 && { config }),
    ...(secrets.length > 0 && { secrets }),
    ...(granted.unsafe && { unsafe: true }),
  };
}

function afterSpace(request: string): string {
  return request.slice(request.indexOf(" ") + 1);
}

function httpGrants(requests: readonly string[]): HttpGrant[] {
  const origins = new Map<string, { methods: Set<string>; paths: Set<string> }>();
  for (const request of requests) {
    const [, method, origin, path] = /^(\S+) (https?:\/\/[^/]+)(\/.*)$/.exec(request) ?? [];
    if (method === undefined || origin === undefined || path === undefined) continue;
    const used = origins.get(origin) ?? { methods: new Set(), paths: new Set() };
    origins.set(origin, used);
    used.methods.add(method);
    used.paths.add(path.length < MAX_PATH ? path : path.slice(0, path.lastIndexOf("/") + 1));
  }
  return [...origins]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([origin, { methods, paths }]) => {
      const prefix = commonPath([...paths]);
      return {
        origin,
        methods: [...methods].sort(),
        ...(prefix !== "/" && { paths: [prefix] }),
      };
    });
}

/** What all paths have in common, in whole segments; `/` when that is nothing, or cannot be compared. */
function commonPath(paths: readonly string[]): string {
  if (paths.some((path) => AMBIGUOUS.test(path))) return "/";
  const [first = [], ...others] = paths.map((path) => path.split("/"));
  const length = first.findIndex((segment, i) => others.some((other) => other[i] !== segment));
  if (length < 0 && others.every((other) => other.length === first.length)) return first.join("/");
  // Where one path ends others go on: it covers what is below it.
  if (length < 0) return first.join("/");
  const common = first.slice(0, length).join("/");
  return others.every((other) => other.length > length) && first.length > length
    ? `${common}/`
    : common || "/";
}

/** Prefixes of keys: of those that begin alike, what they have in common up to its last separator. */
function keyPrefixes(keys: readonly string[]): string[] {
  const groups = new Map<string, string[]>();
  for (const key of new Set(keys)) {
    if (key === "") continue;
    const end = key.search(SEPARATOR);
    const group = end < 0 ? key : key.slice(0, end + 1);
    groups.set(group, [...(groups.get(group) ?? []), key]);
  }
  return [...groups.values()].map(commonPrefix).sort();
}

function commonPrefix([first = "", ...others]: readonly string[]): string {
  let length = first.length;
  for (const other of others) {
    let same = 0;
    while (same < length && first[same] === other[same]) same++;
    length = same;
  }
  const common = first.slice(0, length);
  const end = Math.max(...[...common.matchAll(SEPARATOR)].map(({ index }) => index + 1), 0);
  return end === 0 ? common : common.slice(0, end);
}
