import { setTimer } from "../timers.ts";
import { DOMException } from "./dom-exception.ts";
import { Event, EventTarget } from "./event-target.ts";

/** Shows the constructor that this module calls it. */
const INTERNAL: unique symbol = Symbol("internal");

/** Aborts a signal and those that depend on it; once aborted, nothing changes it. */
export let abort: (signal: AbortSignal, reason: unknown) => void;

/** @see https://dom.spec.whatwg.org/#interface-AbortSignal */
export class AbortSignal extends EventTarget {
  #aborted = false;
  #reason: unknown;
  #sources: readonly AbortSignal[] = [];
  readonly #dependents: AbortSignal[] = [];
  onabort: ((event: Event) => unknown) | null = null;

  constructor(key?: unknown) {
    super();
    if (key !== INTERNAL) throw new TypeError("An AbortSignal comes from an AbortController");
  }

  get aborted(): boolean {
    // A source may learn of it only by being asked.
    return this.#aborted || this.#sources.some((source) => source.aborted);
  }
  get reason(): unknown {
    return this.#reason;
  }
  throwIfAborted(): void {
    if (this.aborted) throw this.reason;
  }

  static abort(reason?: unknown): AbortSignal {
    const signal = new AbortSignal(INTERNAL);
    abort(signal, reason ?? abortError());
    return signal;
  }

  /** @param ms Milliseconds, at most 2^31 − 1. */
  static timeout(ms: unknown): AbortSignal {
    const signal = new AbortSignal(INTERNAL);
    if (!(Number(ms) >= 0)) throw new TypeError("AbortSignal.timeout needs a number of milliseconds");
    setTimer(() => abort(signal, new DOMException("The operation timed out", "TimeoutError")), ms);
    return signal;
  }

  static any(signals: Iterable<AbortSignal>): AbortSignal {
    const sources = [...signals];
    const dependent = new AbortSignal(INTERNAL);
    const first = sources.find((source) => source.aborted);
    if (first !== undefined) {
      abort(dependent, first.reason);
      return dependent;
    }
    for (const source of sources) source.#dependents.push(dependent);
    dependent.#sources = sources;
    return dependent;
  }

  /** Gives the signals that this aborts: all of them are before the first listener runs. */
  #mark(reason: unknown): AbortSignal[] {
    if (this.#aborted) return [];
    this.#aborted = true;
    this.#reason = reason;
    this.#sources = [];
    return [this, ...this.#dependents.splice(0).flatMap((dependent) => dependent.#mark(reason))];
  }

  static {
    abort = (signal, reason) => {
      for (const marked of signal.#mark(reason)) {
        const { onabort } = marked;
        if (typeof onabort === "function") marked.addEventListener("abort", onabort, { once: true });
        marked.dispatchEvent(new Event("abort"));
      }
    };
  }
}

/** A signal that learns of its end by asking: each time it is read, and whenever {@link abort} is called on it. */
export class AskingSignal extends AbortSignal {
  readonly #ask: () => void;

  constructor(ask: () => void) {
    super(INTERNAL);
    this.#ask = ask;
  }

  override get aborted(): boolean {
    if (!super.aborted) this.#ask();
    return super.aborted;
  }
}

/** @see https://dom.spec.whatwg.org/#interface-abortcontroller */
export class AbortController {
  readonly signal: AbortSignal = new AbortSignal(INTERNAL);

  abort(reason?: unknown): void {
    abort(this.signal, reason ?? abortError());
  }
}

/** What a signal gives for its reason when nobody named one. */
export function abortError(message = "The operation was aborted"): Error {
  return new DOMException(message, "AbortError");
}
