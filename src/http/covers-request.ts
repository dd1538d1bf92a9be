/** Requests to one origin that a part was granted. */
export interface RequestGrant {
  /** Canonical: `https://host`, or `https://host:port`. */
  origin: string;
  /** In upper case. Default `GET` and `HEAD`. */
  methods?: readonly string[];
  /** Prefixes of the path, each starting with `/`. Default: any path. */
  paths?: readonly string[];
}

/** A request as grants see it. */
export interface GrantedRequest {
  /** In upper case. */
  method: string;
  /** Canonical: `https://host`, or `https://host:port`. */
  origin: string;
  /** Without the query. */
  path: string;
}

/**
 * True when a grant covers the request. A path prefix that ends within a segment covers the whole segment only: `/v1`
 * stands for `/v1` and all below it, not for `/v10`.
 */
export function coversRequest(
  grants: readonly RequestGrant[],
  { method, origin, path }: GrantedRequest,
): boolean {
  return grants.some(
    ({ origin: granted, methods = ["GET", "HEAD"], paths }) =>
      granted === origin &&
      methods.includes(method) &&
      (paths === undefined || (!isAmbiguous(path) && paths.some((prefix) => isBelow(prefix, path)))),
  );
}

/** An encoded dot, slash or backslash: servers differ in what they take it for. */
function isAmbiguous(path: string): boolean {
  return /%2e|%2f|%5c/i.test(path);
}

function isBelow(prefix: string, path: string): boolean {
  return prefix.endsWith("/") ? path.startsWith(prefix) : path === prefix || path.startsWith(`${prefix}/`);
}
