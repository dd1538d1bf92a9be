import { defineAuthentication, type AuthenticationContext, type Verdict } from "tenon";
import { signatureProblem } from "./check-signature.ts";
import { principalOf } from "./claims.ts";
import { parseCompactJws, parseUtf8Object } from "./compact-jws.ts";
import { digestOf } from "./digest-of.ts";
import { KeySet, usableKeys } from "./key-set.ts";
import { RemoteKeys, type Found } from "./remote-keys.ts";
import { SETTINGS_SCHEMA, withDefaults, type CompleteSettings, type Settings } from "./settings.ts";
import { Verdicts } from "./verdicts.ts";

type Context = AuthenticationContext<Settings>;

/** What an instance keeps between requests. */
interface State {
  readonly settings: CompleteSettings;
  readonly verdicts: Verdicts;
  readonly findKey: (kid: string | undefined, ctx: Context) => Promise<Found>;
}

const SCHEME = /^bearer +/i;

// Settings are constant, so each instance reads them once.
const states = new WeakMap<Settings, State>();

export default defineAuthentication<Settings>({
  name: "auth-jwt",
  version: "1.0.0",
  description: "Authenticates callers by OAuth access tokens that are signed JWTs",
  settings: SETTINGS_SCHEMA,
  capabilities: {
    http: 'fetches the keys of the issuer from "jwksUri"',
    kv: 'keeps the keys of "jwksUri", and lets one instance fetch them for all',
  },
  requires: [
    { when: { required: ["jwksUri"] }, for: "fetching the keys of the issuer", http: "jwksUri" },
    {
      when: { required: ["jwksUri"] },
      for: "one fetch of the keys for all instances",
      kv: { prefix: "keyPrefix", features: ["persistent", "swap"] },
    },
  ],
  protectedResource: { resource: ["resource", "audience"], authorizationServers: ["issuer"] },
  async authenticate(authorization, ctx) {
    let state = states.get(ctx.settings);
    if (state === undefined) {
      state = await createState(ctx);
      states.set(ctx.settings, state);
    }
    const scheme = SCHEME.exec(authorization)?.[0];
    if (scheme === undefined) return refused("not-a-bearer-token");
    if (authorization.length - scheme.length > state.settings.maxTokenLength) return refused("too-long");
    const token = authorization.slice(scheme.length);
    const digest = await digestOf(token);
    const known = state.verdicts.get(digest);
    return known === undefined ? verify(token, digest, state, ctx) : { principal: known };
  },
});

async function verify(token: string, digest: string, state: State, ctx: Context): Promise<Verdict> {
  const { settings, verdicts, findKey } = state;
  const jws = parseCompactJws(token, settings.type);
  if ("refused" in jws) return refused(jws.refused);
  const found = await findKey(jws.kid, ctx);
  if ("unavailable" in found) return found;
  if ("refused" in found) return refused(found.refused);
  const problem = await signatureProblem(jws, found.key);
  if (problem !== undefined) return refused(problem);
  const claims = parseUtf8Object(jws.payload);
  if (claims === undefined) return refused("malformed-claims");
  const accepted = principalOf(claims, settings, Date.now() / 1000);
  if ("refused" in accepted) return refused(accepted.refused);
  // A key that its issuer takes back is looked for again, and with it the tokens it signed.
  verdicts.add(digest, accepted.principal, Math.min(accepted.until * 1000, found.until));
  return { principal: accepted.principal };
}

function refused(reason: string): Verdict {
  return { refused: "invalid_token", reason };
}

async function createState(ctx: Context): Promise<State> {
  const settings = withDefaults(ctx.settings);
  return { settings, verdicts: new Verdicts(), findKey: await keySource(settings, ctx) };
}

async function keySource(settings: CompleteSettings, ctx: Context): Promise<State["findKey"]> {
  const { jwks, jwksUri, algorithms } = settings;
  if (jwks === undefined) {
    const remote = new RemoteKeys({ ...settings, jwksUri: jwksUri! });
    return (kid, context) => remote.find(kid, context);
  }
  const { unusable } = await usableKeys(jwks.keys, algorithms);
  // The settings are the operator's own: one that is wrong is a mistake, not something to do without.
  if (unusable.length > 0) {
    ctx.log.error('Keys of "jwks" cannot be used', { unusable });
    return async () => ({ unavailable: "unusable-keys", retryAfterSeconds: 60 });
  }
  const keys = new KeySet(jwks.keys, algorithms);
  return async (kid) => {
    const key = await keys.find(kid);
    return key === undefined ? { refused: "unknown-key" } : { key, until: Infinity };
  };
}
