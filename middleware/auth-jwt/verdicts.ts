import type { Principal } from "tenon";

const MAX_ENTRIES = 1000;

interface Entry {
  readonly principal: Principal;
  /** In milliseconds since 1970-01-01T00:00:00Z. */
  readonly until: number;
}

/** Callers of tokens that were verified, by the digests of these, the least recently used forgotten first. */
export class Verdicts {
  readonly #entries = new Map<string, Entry>();

  /** @param token What `digestOf()` gives. */
  get(token: string): Principal | undefined {
    const entry = this.#entries.get(token);
    if (entry === undefined) return undefined;
    this.#entries.delete(token);
    if (Date.now() >= entry.until) return undefined;
    this.#entries.set(token, entry);
    return entry.principal;
  }

  /**
   * @param token What `digestOf()` gives.
   * @param until From then on it is forgotten, in milliseconds since 1970-01-01T00:00:00Z.
   */
  add(token: string, principal: Principal, until: number): void {
    this.#entries.delete(token);
    this.#entries.set(token, { principal, until });
    if (this.#entries.size > MAX_ENTRIES) this.#entries.delete(this.#entries.keys().next().value!);
  }
}
