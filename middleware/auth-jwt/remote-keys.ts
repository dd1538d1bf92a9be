import type { AuthenticationContext } from "tenon";
import { KeySet, MAX_KEYS, usableKeys } from "./key-set.ts";
import type { VerificationKey } from "./keys.ts";
import type { CompleteSettings } from "./settings.ts";
import { isObject } from "./strict-json.ts";

const MAX_DOCUMENT_LENGTH = 65_536;
const MAX_LOGGED = 5;
const POLL_MS = 100;
/** Longer than a host gives a request. */
const MAX_WAIT_MS = 6000;
/** What is left of a call to answer in. */
const RESERVE_MS = 1000;

type RemoteSettings = CompleteSettings & { readonly jwksUri: string };
type Context = AuthenticationContext;

/** What came of looking for a key. */
export type Found =
  | {
      readonly key: VerificationKey;
      /** In milliseconds since 1970-01-01T00:00:00Z; from then on it must be looked for again. */
      readonly until: number;
    }
  | { readonly refused: string }
  | { readonly unavailable: string; readonly retryAfterSeconds: number };

/** How the last attempt to fetch went, as the store has it while no other may be made. */
type Attempt = "done" | "failed" | "fetching";

/** Keys as they were fetched at some time. */
interface Snapshot {
  readonly set: KeySet;
  /** In milliseconds since 1970-01-01T00:00:00Z. */
  readonly fetchedAt: number;
}

/**
 * Keys of a JWK Set that is fetched. Instances share it through the store, where a key that expires allows one of them one
 * attempt in each cooldown, whatever the reason for it and however it ends.
 */
export class RemoteKeys {
  readonly #settings: RemoteSettings;
  readonly #documentKey: string;
  readonly #attemptKey: string;
  #held: Snapshot | undefined;

  constructor(settings: RemoteSettings) {
    this.#settings = settings;
    this.#documentKey = `${settings.keyPrefix}keys/${settings.jwksUri}`;
    this.#attemptKey = `${settings.keyPrefix}attempt/${settings.jwksUri}`;
  }

  /** Looks for a key: in this instance, in the store, at the issuer. Never rejects. */
  async find(kid: string | undefined, ctx: Context): Promise<Found> {
    const held = await this.#fresh(kid);
    if (held !== undefined) return held;
    let attempt: Attempt;
    try {
      await this.#load(ctx);
      const shared = await this.#fresh(kid);
      if (shared !== undefined) return shared;
      attempt = await this.#refresh(kid, ctx);
    } catch (error) {
      ctx.log.error("Cannot use the store of keys", { error: String(error) });
      attempt = "failed";
    }
    return (await this.#fresh(kid)) ?? this.#stale(kid, attempt);
  }

  async #fresh(kid: string | undefined): Promise<Found | undefined> {
    const until = this.#validUntil(this.#settings.cacheSeconds);
    const key = until > Date.now() ? await this.#held?.set.find(kid) : undefined;
    return key && { key, until };
  }

  async #stale(kid: string | undefined, attempt: Attempt): Promise<Found> {
    const { cacheSeconds, staleSeconds, cooldownSeconds } = this.#settings;
    const now = Date.now();
    const last = this.#validUntil(cacheSeconds + staleSeconds);
    const key = last > now ? await this.#held?.set.find(kid) : undefined;
    if (key !== undefined) return { key, until: Math.min(last, now + cooldownSeconds * 1000) };
    // Without an answer of the issuer nobody knows whether the key exists.
    return last > now && attempt === "done"
      ? { refused: "unknown-key" }
      : { unavailable: "no-keys", retryAfterSeconds: cooldownSeconds };
  }

  /** Until when the keys of this instance count for that long, in milliseconds since 1970-01-01T00:00:00Z. */
  #validUntil(seconds: number): number {
    return this.#held === undefined ? 0 : this.#held.fetchedAt + seconds * 1000;
  }

  /** Takes what the store has, where that is newer. */
  async #load({ kv }: Context): Promise<void> {
    const { fetchedAt, keys } = parsed((await kv.get(this.#documentKey)) ?? "") ?? {};
    if (typeof fetchedAt !== "number" || !Array.isArray(keys)) return;
    // The clock of whoever fetched them may be ahead.
    const since = Math.min(fetchedAt, Date.now());
    if (since <= (this.#held?.fetchedAt ?? -Infinity)) return;
    this.#held = { set: new KeySet(keys, this.#settings.algorithms), fetchedAt: since };
  }

  /** Fetches, unless another instance does or has just tried; one that does is waited for. */
  async #refresh(kid: string | undefined, ctx: Context): Promise<Attempt> {
    const { kv, log } = ctx;
    const expiry = { ttlSeconds: this.#settings.cooldownSeconds };
    if (!(await kv.swap(this.#attemptKey, undefined, "fetching" satisfies Attempt, expiry))) {
      return this.#waitForOther(kid, ctx);
    }
    let attempt: Attempt = "done";
    try {
      await this.#fetch(ctx);
    } catch (error) {
      attempt = "failed";
      log.error("Cannot fetch keys", { from: this.#settings.jwksUri, error: String(error) });
    }
    await kv.set(this.#attemptKey, attempt, expiry);
    return attempt;
  }

  async #waitForOther(kid: string | undefined, ctx: Context): Promise<Attempt> {
    const { cacheSeconds, staleSeconds } = this.#settings;
    const start = Date.now();
    const last = Math.min(start + MAX_WAIT_MS, ctx.deadline - RESERVE_MS);
    for (;;) {
      const attempt = await ctx.kv.get(this.#attemptKey);
      if (attempt !== "fetching") {
        await this.#load(ctx);
        return attempt === "failed" ? "failed" : "done";
      }
      // An old key of that name is as good as waiting for it.
      const old = this.#validUntil(cacheSeconds + staleSeconds) > Date.now();
      if (Date.now() >= last || (old && (await this.#held?.set.find(kid)) !== undefined)) return attempt;
      await new Promise<void>((resolve) => setTimeout(resolve, POLL_MS));
    }
  }

  async #fetch({ http, kv, log }: Context): Promise<void> {
    const { jwksUri, algorithms, cacheSeconds, staleSeconds } = this.#settings;
    const response = await http.fetch(jwksUri, {
      redirect: "error",
      headers: { accept: "application/jwk-set+json, application/json" },
    });
    if (response.status !== 200) throw new Error(`the status is ${response.status}`);
    const keys = keysOf(await response.text());
    const { usable, unusable } = await usableKeys(keys, algorithms);
    if (unusable.length > 0) {
      const first = unusable.slice(0, MAX_LOGGED);
      log.warning("Keys cannot be used", { from: jwksUri, count: unusable.length, first });
    }
    const fetchedAt = Date.now();
    this.#held = { set: new KeySet(usable, algorithms), fetchedAt };
    await kv.set(this.#documentKey, JSON.stringify({ fetchedAt, keys: usable }), {
      ttlSeconds: cacheSeconds + staleSeconds,
    });
  }
}

function keysOf(text: string): readonly unknown[] {
  if (text.length > MAX_DOCUMENT_LENGTH) {
    throw new Error(`the document has more than ${MAX_DOCUMENT_LENGTH} characters`);
  }
  const keys = parsed(text)?.["keys"];
  if (!Array.isArray(keys)) throw new Error("the document is no JWK Set");
  if (keys.length > MAX_KEYS) throw new Error(`the document has more than ${MAX_KEYS} keys`);
  return keys as unknown[];
}

function parsed(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
