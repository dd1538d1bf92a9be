import { nearest, ToolkitError } from "../errors/index.ts";
import { HOST_FIELDS } from "../http/host-rules.ts";
import {
  grantMistakes,
  type GrantedService,
  type Grants,
  type HttpGrant,
  type SecretGrant,
} from "../manifest/index.ts";
import { CONFIG, HTTP, KV, SECRETS } from "./contract.ts";
import { trackOf, withoutVersion, type Interface } from "./interface.ts";
import type { Part } from "./part.ts";
import { randomExport } from "./random.ts";

/** What a grant opens, and the interface it opens. */
const OPENED: Record<GrantedService, string> = { http: HTTP, kv: KV, config: CONFIG, secrets: SECRETS };

/**
 * The grants of each part, by its name. Members that grant nothing are left out.
 *
 * @throws {@link ToolkitError} `ERR_COMPOSE_GRANT` when a grant is for a part that does not exist or for an interface the
 * part does not import, or is not written in the one way that gates compare.
 */
export function checkGrants(
  grants: Readonly<Record<string, Grants>>,
  parts: readonly Part[],
): Map<string, Grants> {
  const checked = new Map<string, Grants>();
  for (const [as, given] of Object.entries(grants)) {
    const part = parts.find((each) => each.as === as);
    if (part === undefined) throw unknownPart(as, parts);
    checkGrantsOf(as, given);
    const effective = Object.fromEntries(
      Object.entries(given).filter(([, list]) => list === true || (list as readonly unknown[]).length > 0),
    ) as Grants;
    checkImports(part, effective);
    if (Object.keys(effective).length > 0) checked.set(as, effective);
  }
  return checked;
}

/** Grants that open every service a part imports; what they cover is for gates that deny nothing to leave aside. */
export function openGrants(grants: ReadonlyMap<string, Grants>, parts: readonly Part[]): Map<string, Grants> {
  return new Map(
    parts.map((part) => {
      const { http = [], kv = [], config = [], secrets = [], ...others } = grants.get(part.as) ?? {};
      const uses = (id: string): boolean => importFrom(part, id) !== undefined;
      const opened: Grants = {
        ...others,
        ...(uses(HTTP) && { http }),
        ...(uses(KV) && { kv }),
        ...(importFrom(part, CONFIG)?.entries.has("get") && { config }),
        // A secret that goes into a header opens nothing that can be read.
        ...(uses(SECRETS) ? { secrets: [...secrets, { name: "any" }] } : secrets.length > 0 && { secrets }),
      };
      return [part.as, opened];
    }),
  );
}

function importFrom({ imports }: Part, id: string): Interface | undefined {
  return [...imports.values()].find((of) => trackOf(of.name) === trackOf(id));
}

/** Secrets that the part reads itself. */
export function readableSecrets({ secrets = [] }: Grants): string[] {
  return secrets.filter(({ header }) => header === undefined).map(({ name }) => name);
}

/** Secrets that are added to requests behind the part's back. */
export function headerSecrets({ secrets = [] }: Grants): Required<SecretGrant>[] {
  return secrets.filter((each): each is Required<SecretGrant> => each.header !== undefined);
}

/** True when the grant opens that interface to the part itself. */
export function opens(grants: Grants | undefined, track: string): boolean {
  if (grants === undefined) return false;
  if (track === trackOf(SECRETS)) return readableSecrets(grants).length > 0;
  return Object.entries(OPENED).some(
    ([key, id]) => grants[key as GrantedService] !== undefined && trackOf(id) === track,
  );
}

function unknownPart(as: string, parts: readonly Part[]): ToolkitError {
  const names = parts.map((part) => part.as);
  const suggestion = nearest(as, names);
  return new ToolkitError(`Cannot grant anything to "${as}": no part has that name`, {
    code: "ERR_COMPOSE_GRANT",
    details: [`Parts: ${names.join(", ")}`],
    at: ["grants", as],
    hint: suggestion === undefined ? "Name the part as in this composition" : `Did you mean "${suggestion}"?`,
  });
}

function checkGrantsOf(as: string, given: Grants): void {
  const refuse = refusal(as);
  const { http, kv, secrets } = given;
  if (Array.isArray(http)) for (const [i, each] of http.entries()) checkHttp(refuse, each, i);
  if (Array.isArray(kv)) {
    const empty = kv.indexOf("");
    if (empty >= 0)
      throw refuse(["kv", empty], "kv", "a prefix is empty", 'Name the prefix of its keys, such as "notes/"');
  }
  const mistakes = grantMistakes(given);
  if (mistakes.length > 0) {
    throw refuse([], "what its grants say", mistakes[0]!, "Correct its grants", mistakes.slice(1, 10));
  }
  for (const [i, secret] of (secrets ?? []).entries()) checkSecret(refuse, given, secret, i);
}

type Refusal = (
  at: readonly (string | number)[],
  what: string,
  state: string,
  hint: string,
  details?: string[],
) => ToolkitError;

function refusal(as: string): Refusal {
  return (at, what, state, hint, details = []) =>
    new ToolkitError(`Cannot grant ${what} to "${as}": ${state}`, {
      code: "ERR_COMPOSE_GRANT",
      details,
      hint,
      at: ["grants", as, ...at],
    });
}

function checkHttp(refuse: Refusal, { origin, methods, paths }: HttpGrant, index: number): void {
  if (typeof origin === "string") checkOrigin(refuse, ["http", index, "origin"], origin);
  for (const [i, method] of (methods ?? []).entries()) {
    if (typeof method !== "string" || method === method.toUpperCase()) continue;
    throw refuse(
      ["http", index, "methods", i],
      `"${method}"`,
      "methods are written in upper case",
      `Write "${method.toUpperCase()}"`,
    );
  }
  for (const [i, path] of (paths ?? []).entries()) {
    if (typeof path !== "string" || isPlainPath(path)) continue;
    throw refuse(
      ["http", index, "paths", i],
      `"${path}"`,
      "it is no prefix of a path",
      'A prefix starts with "/", has no "." or ".." segment, no query, and no encoded dot, slash or backslash',
    );
  }
}

/** True for what can be compared with the start of a path; the gate refuses paths that are not plain likewise. */
function isPlainPath(path: string): boolean {
  return (
    /^\/[!-~]*$/.test(path) &&
    !/[?#\\]|%(?:2e|2f|5c)/i.test(path) &&
    !path.split("/").some((segment) => /^\.{1,2}(;|$)/.test(segment))
  );
}

function checkOrigin(refuse: Refusal, at: (string | number)[], origin: string): void {
  const canonical = canonicalOrigin(origin);
  if (canonical === origin) return;
  throw refuse(
    at,
    `"${origin}"`,
    canonical === undefined ? "it is no origin" : "it is not the canonical form of its origin",
    canonical === undefined
      ? 'An origin is "https://host" or "https://host:port", without wildcards'
      : `Write "${canonical}"`,
  );
}

const HOST = /^(?:\[[0-9a-f:.]+\]|[a-z0-9_-]+(?:\.[a-z0-9_-]+)*)$/;

/** The origin of a URL as requests carry it; nothing when it has none that a request could. */
function canonicalOrigin(text: string): string | undefined {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    return undefined;
  }
  return /^https?:$/.test(url.protocol) && HOST.test(url.hostname) ? url.origin : undefined;
}

function checkSecret(
  refuse: Refusal,
  { http = [], secrets = [] }: Grants,
  { name, header, origin }: SecretGrant,
  index: number,
): void {
  const at = ["secrets", index];
  const what = `the secret "${name}"`;
  const twin = secrets.findIndex((other) =>
    header === undefined
      ? other.name === name && other.header === undefined
      : other.header === header && other.origin === origin,
  );
  if (twin !== index) {
    const state =
      header === undefined ? "it is granted twice" : `two secrets are for "${header}" of ${String(origin)}`;
    throw refuse(at, what, state, "Remove one of them");
  }
  if (header === undefined || origin === undefined) return;
  if (HOST_FIELDS.includes(header)) {
    throw refuse(
      [...at, "header"],
      what,
      `hosts write the header field "${header}" themselves`,
      "Name the field the service reads, such as authorization",
    );
  }
  checkOrigin(refuse, [...at, "origin"], origin);
  if (http.some((grant) => grant.origin === origin)) return;
  throw refuse(
    [...at, "origin"],
    what,
    `no http grant of the part covers ${origin}`,
    `Add { "origin": "${origin}" } to "http", or remove the secret`,
  );
}

/** True for an import that an unsafe part has from the host, and any other through a gate, a stub, or as every part. */
export function isForeign(name: string): boolean {
  return !name.startsWith("tenon:") && randomExport(name) === undefined;
}

function checkImports(part: Part, grants: Grants): void {
  const { as, imports, manifest } = part;
  if (grants.unsafe && ![...imports.keys()].some(isForeign)) {
    throw refusal(as)(
      ["unsafe"],
      "unsafe",
      "it imports nothing of WASI",
      'Remove "unsafe" from its grants, and grant it the services it asks for',
    );
  }
  for (const [key, id] of Object.entries(OPENED) as [GrantedService, string][]) {
    if (!opens(grants, trackOf(id))) continue;
    const imported = importFrom(part, id);
    if (imported !== undefined && (key !== "config" || imported.entries.has("get"))) continue;
    const asked = manifest.capabilities.map((each) => each.interface);
    throw refusal(as)(
      [key],
      key,
      `it does not use ${withoutVersion(id)}`,
      `Remove "${key}" from its grants, or use the service in "${as}"`,
      [`It asks for ${asked.length === 0 ? "nothing" : asked.join(", ")}`],
    );
  }
}
