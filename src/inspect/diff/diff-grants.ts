import type { Grants, HttpGrant, SecretGrant } from "../../manifest/index.ts";

/** What one set of grants allows and another does not: words for people by kind. */
export interface GrantExcess {
  kind: "config" | "http" | "kv" | "secrets" | "unsafe";
  what: string;
}

/** What `grants` allow beyond `others`, one line for what goes together. */
export function grantExcess(grants: Grants, others: Grants): GrantExcess[] {
  const { http = [], kv = [], config = [], secrets = [], unsafe } = grants;
  return [
    ...http.flatMap((grant) => httpExcess(grant, others.http ?? [])),
    ...kv
      .filter((prefix) => !(others.kv ?? []).some((other) => prefix.startsWith(other)))
      .map((prefix) => ({ kind: "kv" as const, what: `keys ${prefix}*` })),
    ...config
      .filter((name) => !(others.config ?? []).includes(name))
      .map((name) => ({ kind: "config" as const, what: `key ${name}` })),
    ...secrets
      .filter((secret) => !(others.secrets ?? []).some((other) => coversSecret(other, secret)))
      .map((secret) => ({ kind: "secrets" as const, what: secretText(secret) })),
    ...(unsafe && !others.unsafe
      ? [{ kind: "unsafe" as const, what: "everything it imports, without a gate" }]
      : []),
  ];
}

const DEFAULT_METHODS = ["GET", "HEAD"];

/** What is not covered of one grant, path by path: a path that any method reaches is one line. */
function httpExcess(grant: HttpGrant, others: readonly HttpGrant[]): GrantExcess[] {
  const { origin, methods = DEFAULT_METHODS, paths } = grant;
  return (paths ?? [undefined]).flatMap((path): GrantExcess[] => {
    const uncovered = methods.filter(
      (method) => !others.some((other) => covers(other, origin, method, path)),
    );
    if (uncovered.length === 0) return [];
    return [{ kind: "http", what: `${uncovered.join("|")} ${origin}${path ?? ""}` }];
  });
}

/** True when a grant covers all that one method may reach of one path; of any path where there is none. */
function covers(
  { origin, methods = DEFAULT_METHODS, paths }: HttpGrant,
  asked: string,
  method: string,
  path?: string,
): boolean {
  if (origin !== asked || !methods.includes(method)) return false;
  if (paths === undefined) return true;
  return path !== undefined && paths.some((prefix) => isBelow(prefix, path));
}

/** As gates compare: a prefix ends at a segment. */
function isBelow(prefix: string, path: string): boolean {
  return prefix === path || path.startsWith(prefix.endsWith("/") ? prefix : `${prefix}/`);
}

/** Who may read a secret may send it anywhere; who may not, only as it was granted. */
function coversSecret(grant: SecretGrant, { name, header, origin }: SecretGrant): boolean {
  if (grant.name !== name) return false;
  return grant.header === undefined || (grant.header === header && grant.origin === origin);
}

function secretText({ name, header, origin }: SecretGrant): string {
  return header === undefined ? `${name}, to read` : `${name}, as ${header} to ${origin}`;
}
