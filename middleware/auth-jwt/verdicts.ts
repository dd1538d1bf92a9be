import type { Principal } from "tenon";

const MAX_ENTRIES = 1000;
/** Of tokens: 1 MiB of the instance's memory. */
const MAX_CHARACTERS = 1_048_576;

interface Entry {
  readonly principal: Principal;
  /** In milliseconds since 1970-01-01T00:00:00Z. */
  readonly until: number;
}

/**
 * Callers of tokens that were verified, the least recently used forgotten first. Tokens are compared as they are: a digest
 * takes as long as verifying some signatures does, and the credential of a request is in the instance anyway.
 */
export class Verdicts {
  readonly #entries = new Map<string, Entry>();
  #characters = 0;

  get(token: string): Principal | undefined {
    const entry = this.#entries.get(token);
    if (entry === undefined) return undefined;
    this.#forget(token);
    if (Date.now() >= entry.until) return undefined;
    this.#keep(token, entry);
    return entry.principal;
  }

  /** @param until From then on it is forgotten, in milliseconds since 1970-01-01T00:00:00Z. */
  add(token: string, principal: Principal, until: number): void {
    this.#forget(token);
    this.#keep(token, { principal, until });
    for (const [oldest] of this.#entries) {
      if (this.#entries.size <= MAX_ENTRIES && this.#characters <= MAX_CHARACTERS) break;
      this.#forget(oldest);
    }
  }

  #keep(token: string, entry: Entry): void {
    this.#entries.set(token, entry);
    this.#characters += token.length;
  }

  #forget(token: string): void {
    if (this.#entries.delete(token)) this.#characters -= token.length;
  }
}
