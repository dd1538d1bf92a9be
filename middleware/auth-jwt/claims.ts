import type { Principal } from "tenon";
import type { Refused } from "./compact-jws.ts";
import type { CompleteSettings } from "./settings.ts";
import { isObject } from "./strict-json.ts";

type Claims = Readonly<Record<string, unknown>>;

/** A caller that is let in, until its token is too old. */
export interface Accepted {
  readonly principal: Principal;
  /** In seconds since 1970-01-01T00:00:00Z; from then on it is refused. */
  readonly until: number;
}

/** What is wrong with a claim; the code is for log and audit. */
class ClaimError extends Error {}

/**
 * The caller that the claims of a verified token speak of (RFC 7519, section 4.1; RFC 9068, section 2.2).
 *
 * @param now In seconds since 1970-01-01T00:00:00Z.
 */
export function principalOf(claims: Claims, settings: CompleteSettings, now: number): Accepted | Refused {
  try {
    if (claims["iss"] !== settings.issuer) throw new ClaimError("wrong-issuer");
    checkAudience(claims["aud"], settings.audience);
    return { until: checkTimes(claims, settings, now), principal: readPrincipal(claims, settings) };
  } catch (error) {
    if (error instanceof ClaimError) return { refused: error.message };
    throw error;
  }
}

function checkAudience(aud: unknown, audience: CompleteSettings["audience"]): void {
  const named = typeof aud === "string" ? [aud] : aud;
  if (!areStrings(named)) throw new ClaimError("malformed-aud");
  const ours = typeof audience === "string" ? [audience] : audience;
  if (!named.some((name) => ours.includes(name))) throw new ClaimError("wrong-audience");
}

/** Gives when the token is too old, in seconds. */
function checkTimes(
  claims: Claims,
  { clockSkewSeconds: skew, maxAgeSeconds }: CompleteSettings,
  now: number,
): number {
  const exp = timeOf(claims, "exp");
  const nbf = timeOf(claims, "nbf");
  const iat = timeOf(claims, "iat");
  if (exp === undefined) throw new ClaimError("no-exp");
  if (now >= exp + skew) throw new ClaimError("expired");
  if (nbf !== undefined && now < nbf - skew) throw new ClaimError("not-yet-valid");
  if (iat !== undefined && now < iat - skew) throw new ClaimError("issued-in-the-future");
  if (maxAgeSeconds === undefined) return exp + skew;
  if (iat === undefined) throw new ClaimError("no-iat");
  const oldest = iat + maxAgeSeconds + skew;
  if (now >= oldest) throw new ClaimError("too-old");
  return Math.min(exp + skew, oldest);
}

function timeOf(claims: Claims, name: string): number | undefined {
  const time = claims[name];
  if (time === undefined) return undefined;
  // 1e999 is JSON, and infinite.
  if (typeof time !== "number" || !Number.isFinite(time)) throw new ClaimError(`malformed-${name}`);
  return time;
}

function readPrincipal(
  claims: Claims,
  { issuer, rolesClaim, claims: wanted = [] }: CompleteSettings,
): Principal {
  const subject = textOf(claims, "sub");
  if (subject === undefined) throw new ClaimError("no-sub");
  const clientId = textOf(claims, "client_id") ?? textOf(claims, "azp");
  const roles = rolesClaim === undefined ? [] : wordsOf(valueAt(claims, rolesClaim), "roles");
  const kept = wanted.filter((name) => Object.hasOwn(claims, name)).map((name) => [name, claims[name]]);
  return {
    subject,
    issuer,
    ...(clientId !== undefined && { clientId }),
    scopes: wordsOf(claims["scope"] ?? claims["scp"], "scope"),
    ...(roles.length > 0 && { roles }),
    ...(kept.length > 0 && { claims: Object.fromEntries(kept) as Claims }),
  };
}

function textOf(claims: Claims, name: string): string | undefined {
  const text = claims[name];
  if (text === undefined) return undefined;
  if (typeof text !== "string" || text === "") throw new ClaimError(`malformed-${name}`);
  return text;
}

/** Words from a text with spaces (RFC 6749, section 3.3) or a list; an absent claim has none. */
function wordsOf(value: unknown, name: string): readonly string[] {
  if (value === undefined) return [];
  const words = typeof value === "string" ? value.split(" ").filter((word) => word !== "") : value;
  if (!areStrings(words)) throw new ClaimError(`malformed-${name}`);
  return [...new Set(words)];
}

/** The claim of that name, or what a path with dots leads to. */
function valueAt(claims: Claims, path: string): unknown {
  if (Object.hasOwn(claims, path)) return claims[path];
  let value: unknown = claims;
  for (const step of path.split(".")) {
    value = isObject(value) && Object.hasOwn(value, step) ? value[step] : undefined;
  }
  return value;
}

function areStrings(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === "string");
}
