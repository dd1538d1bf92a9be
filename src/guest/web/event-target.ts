import { enqueue } from "../job-queue.ts";

let isStopped: (event: Event) => boolean;

/** @see https://dom.spec.whatwg.org/#interface-event */
export class Event {
  readonly type: string;
  readonly cancelable: boolean;
  readonly bubbles = false;
  readonly composed = false;
  readonly isTrusted = false;
  readonly timeStamp: number = Date.now();
  target: EventTarget | null = null;
  #defaultPrevented = false;
  #stopped = false;

  constructor(type: unknown, options: { cancelable?: unknown } = {}) {
    this.type = String(type);
    this.cancelable = Boolean(options?.cancelable);
  }

  get currentTarget(): EventTarget | null {
    return this.target;
  }
  get defaultPrevented(): boolean {
    return this.#defaultPrevented;
  }
  preventDefault(): void {
    if (this.cancelable) this.#defaultPrevented = true;
  }
  stopPropagation(): void {}
  stopImmediatePropagation(): void {
    this.#stopped = true;
  }

  static {
    isStopped = (event) => event.#stopped;
  }
}

type Listener = ((event: Event) => unknown) | { handleEvent(event: Event): unknown };

interface Registration {
  type: string;
  listener: Listener;
  once: boolean;
}

/**
 * Events on one object: there is no tree that they could pass through.
 *
 * @see https://dom.spec.whatwg.org/#interface-eventtarget
 */
export class EventTarget {
  #registrations: Registration[] = [];

  addEventListener(
    type: unknown,
    listener: Listener | null | undefined,
    options?: boolean | { once?: unknown; signal?: AbortableSignal },
  ): void {
    if (listener === null || listener === undefined) return;
    const { once = false, signal } = typeof options === "object" && options !== null ? options : {};
    if (signal?.aborted) return;
    const name = String(type);
    if (this.#registrations.some((known) => known.type === name && known.listener === listener)) return;
    this.#registrations.push({ type: name, listener, once: Boolean(once) });
    signal?.addEventListener("abort", () => this.removeEventListener(name, listener), { once: true });
  }

  removeEventListener(type: unknown, listener: Listener | null | undefined): void {
    const name = String(type);
    this.#registrations = this.#registrations.filter(
      (known) => known.type !== name || known.listener !== listener,
    );
  }

  /** An exception of a listener fails the call, as one of a timer does, once the others have run. */
  dispatchEvent(event: Event): boolean {
    event.target = this;
    for (const registration of this.#registrations.filter(({ type }) => type === event.type)) {
      const { listener, once } = registration;
      if (!this.#registrations.includes(registration)) continue;
      if (once) this.#registrations = this.#registrations.filter((other) => other !== registration);
      try {
        if (typeof listener === "function") Reflect.apply(listener, this, [event]);
        else listener.handleEvent(event);
      } catch (error) {
        enqueue(() => {
          throw error;
        });
      }
      if (isStopped(event)) break;
    }
    return !event.defaultPrevented;
  }
}

/** What a listener may be bound to. */
interface AbortableSignal {
  readonly aborted: boolean;
  addEventListener(type: "abort", listener: () => void, options: { once: true }): void;
}
