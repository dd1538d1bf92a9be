import {
  exchange,
  mayLeadTo,
  resolveHost,
  type ExchangeSettings,
  type Reach,
  type ResolvedHost,
} from "./exchange.ts";
import { findCredentials, type Credentials } from "./docker-config.ts";
import { readBody } from "./read-body.ts";
import { RegistryFailure } from "./registry-failure.ts";

/** What an authorization is asked for. */
export interface AuthorizeRequest {
  /** `host[:port]` as in references. */
  registry: string;
  /** Where the registry answers. */
  origin: URL;
  /** The field `www-authenticate` of its answer. */
  challenge: string;
  /** Such as `repository:acme/notes:pull`. */
  scopes: readonly string[];
  /** The machine that answers there. */
  host: ResolvedHost;
  /** Further hosts, `host[:port]`, that may have the credentials of this registry. */
  authRealms: readonly string[];
  env: NodeJS.ProcessEnv;
}

const TOKEN_ANSWER_BYTES = 64 * 1024;
// https://www.rfc-editor.org/rfc/rfc6750#section-2.1
const TOKEN = /^[A-Za-z0-9._~+/-]+=*$/;
const MAX_CHALLENGE_CHARACTERS = 4096;
const MAX_SERVICE_CHARACTERS = 255;
/** Where known registries have their tokens made. */
const KNOWN_REALMS: ReadonlyMap<string, string> = new Map([
  ["docker.io", "auth.docker.io"],
  ["index.docker.io", "auth.docker.io"],
  ["registry-1.docker.io", "auth.docker.io"],
  ["registry.gitlab.com", "gitlab.com"],
]);

/**
 * Answers the challenge of a registry: the value of `authorization` that it is to be sent.
 *
 * A registry may name any realm. Credentials go to the registry's own host and port, to the realm that is known to be its, and to
 * hosts in `authRealms`; a realm elsewhere is only asked for an anonymous token, and only when there are no credentials.
 *
 * @throws RegistryFailure `ERR_OCI_AUTH`
 */
export async function authorize(request: AuthorizeRequest, settings: ExchangeSettings): Promise<string> {
  const { scheme, parameters } = parseChallenge(request.challenge);
  const credentials = await findCredentials(request.registry, request.env);
  if (credentials?.kind === "bearer") return `Bearer ${checkToken(credentials.token, settings)}`;
  if (scheme === "basic") {
    if (credentials?.kind === "basic") return basic(credentials);
    throw new RegistryFailure(
      credentials === undefined
        ? "the registry asks for a name and password, and there are none for it"
        : "the registry asks for a name and password, and there is only a token for it",
      "ERR_OCI_AUTH",
      { hint: `Run "docker login ${request.registry}", or name a configuration with DOCKER_CONFIG` },
    );
  }
  const realm = checkRealm(parameters.get("realm"), request, credentials !== undefined);
  return `Bearer ${await fetchToken(realm, parameters.get("service"), credentials, request, settings)}`;
}

// https://www.rfc-editor.org/rfc/rfc9110#section-11.2
function parseChallenge(text: string): { scheme: "basic" | "bearer"; parameters: Map<string, string> } {
  if (text.length > MAX_CHALLENGE_CHARACTERS) throw denied("what the registry asks for is too long");
  const scheme = /^\s*(basic|bearer)(?=\s|$)/i.exec(text);
  if (scheme === null) throw denied("the registry asks for neither a password nor a token");
  const parameters = new Map<string, string>();
  const pair = /[\s,]*([A-Za-z][A-Za-z0-9_-]*)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s",]+))/y;
  pair.lastIndex = scheme[0].length;
  for (let match = pair.exec(text); match !== null; match = pair.exec(text)) {
    const name = match[1]!.toLowerCase();
    if (parameters.has(name)) throw denied(`the registry gives "${name}" twice`);
    parameters.set(name, match[3] ?? match[2]!.replaceAll(/\\(.)/g, "$1"));
  }
  return { scheme: scheme[1]!.toLowerCase() as "basic" | "bearer", parameters };
}

function checkRealm(text: string | undefined, request: AuthorizeRequest, hasCredentials: boolean): URL {
  const { registry, origin, authRealms } = request;
  const realm = text !== undefined && URL.canParse(text) ? new URL(text) : undefined;
  if (realm === undefined) throw denied("the registry names no URL to get a token from");
  const own = realm.host === origin.host;
  // As much as the registry itself is spoken to with, and http with nobody else.
  if (realm.protocol !== "https:" && !(own && realm.protocol === origin.protocol)) {
    throw denied(`the registry wants a token from ${realm.protocol}//${realm.host}, which is not https`);
  }
  if (realm.username !== "" || realm.password !== "") {
    throw denied(`the registry wants a token from ${realm.host} with credentials of its own`);
  }
  const trusted = own || KNOWN_REALMS.get(registry) === realm.host || authRealms.includes(realm.host);
  if (hasCredentials && !trusted) {
    throw denied(
      `the registry wants the credentials for "${registry}" sent to "${realm.host}"`,
      `If that host makes the tokens of this registry, say so with "--auth-realm ${realm.host}"`,
    );
  }
  realm.hash = "";
  return realm;
}

/** @see https://distribution.github.io/distribution/spec/auth/token/ and .../auth/oauth/ */
async function fetchToken(
  realm: URL,
  service: string | undefined,
  credentials: Credentials | undefined,
  { origin, scopes, host }: AuthorizeRequest,
  settings: ExchangeSettings,
): Promise<string> {
  if (service !== undefined && service.length > MAX_SERVICE_CHARACTERS) {
    throw new RegistryFailure("the name of the registry's service is too long", "ERR_OCI_AUTH");
  }
  const mayReach = (to: Reach): boolean => mayLeadTo(host.reach, to);
  const url = new URL(realm);
  let body: Uint8Array | undefined;
  if (credentials?.kind === "identity") {
    const form = new URLSearchParams({ grant_type: "refresh_token", client_id: "tenon" });
    if (service !== undefined) form.set("service", service);
    form.set("scope", scopes.join(" "));
    form.set("refresh_token", credentials.token);
    body = new TextEncoder().encode(form.toString());
  } else {
    if (service !== undefined) url.searchParams.set("service", service);
    url.searchParams.delete("scope");
    for (const scope of scopes) url.searchParams.append("scope", scope);
  }
  const answer = await exchange(
    {
      method: body === undefined ? "GET" : "POST",
      url,
      ...(body !== undefined && { body }),
      headers: {
        ...(credentials?.kind === "basic" && { authorization: basic(credentials) }),
        ...(body !== undefined && { "content-type": "application/x-www-form-urlencoded" }),
      },
      host: realm.host === origin.host ? host : await resolveHost(url, settings, mayReach),
    },
    settings,
  );
  if (answer.status !== 200) {
    answer.discard();
    const refused = answer.status === 401 || answer.status === 403;
    throw new RegistryFailure(
      `${url.host} gives no token: ${refused ? "it does not accept the credentials" : `status ${answer.status}`}`,
      "ERR_OCI_AUTH",
      answer.status === 429 || answer.status >= 500 ? { again: {} } : {},
    );
  }
  const text = new TextDecoder().decode(await readBody(answer, TOKEN_ANSWER_BYTES));
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    value = undefined;
  }
  const { token, access_token: accessToken } = (value ?? {}) as Record<string, unknown>;
  return checkToken(token ?? accessToken, settings);
}

function checkToken(token: unknown, { limits }: ExchangeSettings): string {
  if (typeof token === "string" && token.length <= limits.tokenCharacters && TOKEN.test(token)) return token;
  throw new RegistryFailure(
    typeof token === "string" && token.length > limits.tokenCharacters
      ? `the token has more than ${limits.tokenCharacters} characters`
      : "what was given for a token is none",
    "ERR_OCI_AUTH",
  );
}

function basic({ username, password }: { username: string; password: string }): string {
  return `Basic ${Buffer.from(`${username}:${password}`, "utf8").toString("base64")}`;
}

function denied(state: string, hint?: string): RegistryFailure {
  return new RegistryFailure(state, "ERR_OCI_AUTH", hint === undefined ? {} : { hint });
}
