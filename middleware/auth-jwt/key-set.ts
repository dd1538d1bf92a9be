import type { Algorithm } from "./algorithms.ts";
import { importKey, type VerificationKey } from "./keys.ts";
import { isObject } from "./strict-json.ts";

/** Most keys of a set. */
export const MAX_KEYS = 100;

/** A key that was left out of a set, and why. */
export interface UnusableKey {
  readonly index: number;
  /** Ends a sentence about the key. */
  readonly problem: string;
}

/** Public keys by their `kid`. Each is imported when it is first needed. */
export class KeySet {
  readonly #jwks: ReadonlyMap<unknown, unknown>;
  readonly #algorithms: readonly Algorithm[] | undefined;
  readonly #imported = new Map<unknown, VerificationKey | undefined>();

  /** @param jwks Those that {@link usableKeys} left. */
  constructor(jwks: readonly unknown[], algorithms?: readonly Algorithm[]) {
    this.#jwks = new Map(jwks.map((jwk) => [kidOf(jwk), jwk]));
    this.#algorithms = algorithms;
  }

  /** The key of that `kid`; the only one of the set where a token names none. */
  async find(kid: string | undefined): Promise<VerificationKey | undefined> {
    const name: unknown = kid ?? (this.#jwks.size === 1 ? this.#jwks.keys().next().value : undefined);
    if (!this.#jwks.has(name) || (kid === undefined && this.#jwks.size !== 1)) return undefined;
    if (!this.#imported.has(name)) this.#imported.set(name, await this.#import(name));
    return this.#imported.get(name);
  }

  async #import(name: unknown): Promise<VerificationKey | undefined> {
    try {
      return await importKey(this.#jwks.get(name), this.#algorithms);
    } catch {
      // Not what was stored, then: others write there as well, or did with other settings.
      return undefined;
    }
  }
}

/** Parts the keys that signatures can be verified with from others, among them each of those that share a `kid`. */
export async function usableKeys(
  jwks: readonly unknown[],
  algorithms?: readonly Algorithm[],
): Promise<{ readonly usable: unknown[]; readonly unusable: UnusableKey[] }> {
  const usable: unknown[] = [];
  const unusable: UnusableKey[] = [];
  for (const [index, jwk] of jwks.entries()) {
    try {
      if (jwks.some((other) => other !== jwk && kidOf(other) === kidOf(jwk))) {
        throw new Error("has the kid of another, or none beside others");
      }
      await importKey(jwk, algorithms);
      usable.push(jwk);
    } catch (error) {
      unusable.push({ index, problem: (error as Error).message });
    }
  }
  return { usable, unusable };
}

function kidOf(jwk: unknown): unknown {
  return isObject(jwk) ? jwk["kid"] : undefined;
}
