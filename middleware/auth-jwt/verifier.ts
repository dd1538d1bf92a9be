import type { AuthenticationContext, Principal } from "tenon";
import { signatureProblem } from "./check-signature.ts";
import { principalOf } from "./claims.ts";
import { parseCompactJws, parseUtf8Object, type Refused } from "./compact-jws.ts";
import { KeySet, usableKeys } from "./key-set.ts";
import { RemoteKeys, type Found } from "./remote-keys.ts";
import { withDefaults, type CompleteSettings, type Settings } from "./settings.ts";

type Context = AuthenticationContext<Settings>;

/** What a token turned out to be, as `verifier.wit` has it. */
export type Verdict =
  | {
      readonly principal: Principal;
      /** In milliseconds since 1970-01-01T00:00:00Z; from then on the token must be verified anew. */
      readonly until: number;
    }
  | Refused
  | Extract<Found, { unavailable: string }>;

/** What an instance keeps between requests. */
interface State {
  readonly settings: CompleteSettings;
  readonly findKey: (kid: string | undefined, ctx: Context) => Promise<Found>;
}

// Settings are constant, so each instance reads them once.
const states = new WeakMap<Settings, State>();

/** Verifies a token, whether it was verified before or not. */
export default async function verify(token: string, ctx: Context): Promise<Verdict> {
  let state = states.get(ctx.settings);
  if (state === undefined) {
    state = await createState(ctx);
    states.set(ctx.settings, state);
  }
  const { settings, findKey } = state;
  const jws = parseCompactJws(token, settings.type);
  if ("refused" in jws) return jws;
  const found = await findKey(jws.kid, ctx);
  if (!("key" in found)) return found;
  const problem = await signatureProblem(jws, found.key);
  if (problem !== undefined) return { refused: problem };
  const claims = parseUtf8Object(jws.payload);
  if (claims === undefined) return { refused: "malformed-claims" };
  const accepted = principalOf(claims, settings, Date.now() / 1000);
  if ("refused" in accepted) return accepted;
  // A key that its issuer takes back is looked for again, and with it the tokens it signed.
  const until = Math.min(accepted.until * 1000, found.until, Number.MAX_SAFE_INTEGER);
  return { principal: accepted.principal, until: Math.ceil(until) };
}

async function createState(ctx: Context): Promise<State> {
  const settings = withDefaults(ctx.settings);
  return { settings, findKey: await keySource(settings, ctx) };
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
