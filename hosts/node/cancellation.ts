import type { Signal } from "../../src/protocol/index.ts";

/**
 * Says once that nobody waits for an answer any more. Each call has one and hardly any is used, so it is no `AbortController`: the signal of
 * that is an event target with a part in the collection of garbage, which takes a tenth of all that a call costs this thread.
 */
export class Cancellation implements Signal {
  #aborted = false;
  #listeners: (() => void)[] = [];

  get aborted(): boolean {
    return this.#aborted;
  }

  /** Tells all that listen, and nobody again. */
  abort(): void {
    if (this.#aborted) return;
    this.#aborted = true;
    const listeners = this.#listeners;
    this.#listeners = [];
    for (const listener of listeners) listener();
  }

  addEventListener(_type: "abort", listener: () => void): void {
    if (!this.#aborted && !this.#listeners.includes(listener)) this.#listeners.push(listener);
  }

  removeEventListener(_type: "abort", listener: () => void): void {
    const at = this.#listeners.indexOf(listener);
    if (at !== -1) this.#listeners.splice(at, 1);
  }
}

/** Aborts a cancellation with the first of some signals, until what this gives is called. */
export function follow(cancellation: Cancellation, signals: readonly Signal[]): () => void {
  const onAbort = (): void => cancellation.abort();
  for (const signal of signals) {
    if (signal.aborted) onAbort();
    else signal.addEventListener("abort", onAbort, { once: true });
  }
  return () => signals.forEach((signal) => signal.removeEventListener("abort", onAbort));
}
