import { enqueue, ownedByCall } from "./job-queue.ts";

type Resolve = (value: unknown) => void;
type Reject = (reason: unknown) => void;
type Executor = (resolve: Resolve, reject: Reject) => void;
type PromiseClass = new (executor: Executor) => PumpablePromise;

interface Capability {
  promise: PumpablePromise;
  resolve: Resolve;
  reject: Reject;
}

/** What waits for a promise: callbacks of `then`, or an `async` function that goes on with it. */
type Reaction = Callbacks | AsyncRun;

interface Callbacks {
  onFulfilled: unknown;
  onRejected: unknown;
  /** What the callback's result settles: a promise of this very class needs no functions for it. */
  derived: PumpablePromise | Capability;
  steps?: undefined;
}

/** An `async` function that has begun. */
interface AsyncRun {
  /** Its body: it yields what it awaits. */
  steps: Generator<unknown, unknown, unknown>;
  /** What it has returned. */
  promise: PumpablePromise;
}

/** Makes a promise that is settled from within, or by the body of an `async` function. */
const NO_EXECUTOR: Executor = () => {};

/** How a promise has settled; nothing while it is pending. */
type Settled = { value: unknown } | { reason: unknown };

let settledOf: (promise: PumpablePromise) => Settled | undefined;
let unhandled: Map<PumpablePromise, unknown> | undefined;

const NONE: readonly unknown[] = [];

/** Reasons of the promises that were rejected and that nothing has reacted to since this was last asked. */
export function takeUnhandled(): readonly unknown[] {
  if (unhandled === undefined) return NONE;
  const reasons = [...unhandled.values()];
  unhandled = undefined;
  return reasons;
}

ownedByCall({
  begin() {
    const outer = unhandled;
    unhandled = undefined;
    return outer;
  },
  end(outer: typeof unhandled) {
    unhandled = outer;
  },
});

/**
 * A promise whose reactions run from this runtime's own job queue. The engine runs its queue only after an export has
 * returned, too late for a handler whose outcome depends on it.
 *
 * @see https://tc39.es/ecma262/#sec-promise-objects
 */
export class PumpablePromise {
  #state: "pending" | "fulfilled" | "rejected" = "pending";
  #result: unknown;
  /** One, where there is one alone, as nearly always. */
  #reactions: Reaction | Reaction[] | undefined;
  #handled = false;

  constructor(executor: Executor, steps?: Generator<unknown, unknown, unknown>) {
    if (typeof executor !== "function") throw new TypeError("Promise resolver is not a function");
    if (executor === NO_EXECUTOR) {
      if (steps !== undefined) this.#goOn({ steps, promise: this }, true, undefined);
      return;
    }
    const { resolve, reject } = this.#resolvingFunctions();
    try {
      executor(resolve, reject);
    } catch (error) {
      reject(error);
    }
  }

  // oxlint-disable-next-line unicorn/no-thenable -- a promise is the one thing that should have it
  then(onFulfilled?: unknown, onRejected?: unknown): PumpablePromise {
    const Class = speciesOf(this);
    const derived = Class === PumpablePromise ? new PumpablePromise(NO_EXECUTOR) : newCapability(Class);
    const reaction: Reaction = { onFulfilled, onRejected, derived };
    this.#add(reaction);
    return derived instanceof PumpablePromise ? derived : derived.promise;
  }

  catch(onRejected?: unknown): PumpablePromise {
    return this.then(undefined, onRejected);
  }

  finally(onFinally?: unknown): PumpablePromise {
    if (typeof onFinally !== "function") return this.then(onFinally, onFinally);
    const Class = speciesOf(this);
    const settled = (): PumpablePromise => promiseResolve(Class, (onFinally as () => unknown)());
    return this.then(
      (value: unknown) => settled().then(() => value),
      (reason: unknown) =>
        settled().then(() => {
          throw reason;
        }),
    );
  }

  get [Symbol.toStringTag](): string {
    return "Promise";
  }

  static get [Symbol.species](): PromiseClass {
    return this;
  }

  static resolve(value?: unknown): PumpablePromise {
    if (this !== PumpablePromise) return promiseResolve(this, value);
    if (value instanceof PumpablePromise && value.constructor === this) return value;
    const promise = new PumpablePromise(NO_EXECUTOR);
    promise.#resolve(value);
    return promise;
  }

  static reject(reason?: unknown): PumpablePromise {
    const { promise, reject } = newCapability(this);
    reject(reason);
    return promise;
  }

  static withResolvers(): Capability {
    return newCapability(this);
  }

  static try(callback: (...args: unknown[]) => unknown, ...args: unknown[]): PumpablePromise {
    const { promise, resolve, reject } = newCapability(this);
    try {
      resolve(callback(...args));
    } catch (error) {
      reject(error);
    }
    return promise;
  }

  static all(items: Iterable<unknown>): PumpablePromise {
    return collect(this, items, ({ reject }, store) => ({
      onFulfilled: store,
      onRejected: reject,
    }));
  }

  static allSettled(items: Iterable<unknown>): PumpablePromise {
    return collect(this, items, (_capability, store) => ({
      onFulfilled: (value) => store({ status: "fulfilled", value }),
      onRejected: (reason) => store({ status: "rejected", reason }),
    }));
  }

  static any(items: Iterable<unknown>): PumpablePromise {
    return collect(
      this,
      items,
      ({ resolve }, store) => ({ onFulfilled: resolve, onRejected: store }),
      ({ reject }, reasons) => reject(new AggregateError(reasons, "All promises were rejected")),
    );
  }

  static race(items: Iterable<unknown>): PumpablePromise {
    return collect(
      this,
      items,
      ({ resolve, reject }) => ({ onFulfilled: resolve, onRejected: reject }),
      () => {},
    );
  }

  static {
    settledOf = (promise) => {
      promise.#handle();
      if (promise.#state === "pending") return undefined;
      return promise.#state === "fulfilled" ? { value: promise.#result } : { reason: promise.#result };
    };
  }

  /** Runs the body of an `async` function until it awaits something, or ends. */
  #goOn(run: AsyncRun, fulfilled: boolean, value: unknown): void {
    const { steps } = run;
    try {
      const { done, value: given } = fulfilled ? steps.next(value) : steps.throw(value);
      if (done === true) this.#resolve(given);
      else PumpablePromise.resolve(given).#add(run);
    } catch (error) {
      this.#settle("rejected", error);
    }
  }

  /** Something sees to it that it is not rejected unseen. */
  #handle(): void {
    if (this.#handled) return;
    this.#handled = true;
    unhandled?.delete(this);
  }

  #add(reaction: Reaction): void {
    this.#handle();
    if (this.#state !== "pending") this.#trigger(reaction);
    else if (this.#reactions === undefined) this.#reactions = reaction;
    else if (Array.isArray(this.#reactions)) this.#reactions.push(reaction);
    else this.#reactions = [this.#reactions, reaction];
  }

  /** Both functions together act once. */
  #resolvingFunctions(): { resolve: Resolve; reject: Reject } {
    let called = false;
    return {
      resolve: (value) => {
        if (called) return;
        called = true;
        this.#resolve(value);
      },
      reject: (reason) => {
        if (called) return;
        called = true;
        this.#settle("rejected", reason);
      },
    };
  }

  #resolve(value: unknown): void {
    if (value === this) {
      this.#settle("rejected", new TypeError("Chaining cycle detected for promise"));
      return;
    }
    if (value === null || (typeof value !== "object" && typeof value !== "function")) {
      this.#settle("fulfilled", value);
      return;
    }
    let then: unknown;
    try {
      then = (value as { then?: unknown }).then;
    } catch (error) {
      this.#settle("rejected", error);
      return;
    }
    if (typeof then !== "function") {
      this.#settle("fulfilled", value);
      return;
    }
    enqueue(() => {
      const { resolve, reject } = this.#resolvingFunctions();
      try {
        Reflect.apply(then, value, [resolve, reject]);
      } catch (error) {
        reject(error);
      }
    });
  }

  #settle(state: "fulfilled" | "rejected", result: unknown): void {
    this.#state = state;
    this.#result = result;
    if (state === "rejected" && !this.#handled) (unhandled ??= new Map()).set(this, result);
    const reactions = this.#reactions;
    this.#reactions = undefined;
    if (Array.isArray(reactions)) for (const reaction of reactions) this.#trigger(reaction);
    else if (reactions !== undefined) this.#trigger(reactions);
  }

  #trigger(reaction: Reaction): void {
    enqueue(() => this.#react(reaction));
  }

  #react(reaction: Reaction): void {
    const fulfilled = this.#state === "fulfilled";
    if (reaction.steps !== undefined) {
      reaction.promise.#goOn(reaction, fulfilled, this.#result);
      return;
    }
    const { onFulfilled, onRejected, derived } = reaction;
    const callback = fulfilled ? onFulfilled : onRejected;
    let value = this.#result;
    let resolved = fulfilled;
    if (typeof callback === "function") {
      try {
        value = (callback as (result: unknown) => unknown)(value);
        resolved = true;
      } catch (error) {
        value = error;
        resolved = false;
      }
    }
    if (!(derived instanceof PumpablePromise)) (resolved ? derived.resolve : derived.reject)(value);
    else if (resolved) derived.#resolve(value);
    else derived.#settle("rejected", value);
  }
}

// What the engine's own says of itself: it has one parameter.
Object.defineProperties(PumpablePromise, { name: { value: "Promise" }, length: { value: 1 } });

/** How a promise has settled, for one who asks when the jobs have run; nothing while it is pending. */
export function settlement(promise: PumpablePromise): Settled | undefined {
  return settledOf(promise);
}

/**
 * Runs the body of an `async` function: up to its first `await` at once, and from there in jobs, one for each. What it awaits
 * has no promise derived from it, so that an `await` costs a fraction of what callbacks of `then` do.
 *
 * @param steps The body, which yields what it awaits.
 * @see https://tc39.es/ecma262/#await
 */
export function runAsync(steps: Generator<unknown, unknown, unknown>): PumpablePromise {
  return new PumpablePromise(NO_EXECUTOR, steps);
}

function newCapability(Class: PromiseClass): Capability {
  let resolve: Resolve | undefined;
  let reject: Reject | undefined;
  const promise = new Class((resolvePromise, rejectPromise) => {
    if (resolve !== undefined || reject !== undefined)
      throw new TypeError("Promise executor was called twice");
    resolve = resolvePromise;
    reject = rejectPromise;
  });
  if (typeof resolve !== "function" || typeof reject !== "function") {
    throw new TypeError("Promise resolve or reject function is not callable");
  }
  return { promise, resolve, reject };
}

function speciesOf(promise: PumpablePromise): PromiseClass {
  const Class = promise.constructor as PromiseClass & { [Symbol.species]?: PromiseClass | null };
  return Class?.[Symbol.species] ?? PumpablePromise;
}

function promiseResolve(Class: PromiseClass, value: unknown): PumpablePromise {
  if (value instanceof PumpablePromise && value.constructor === Class) return value;
  const { promise, resolve } = newCapability(Class);
  resolve(value);
  return promise;
}

/** What `all`, `allSettled`, `any` and `race` share: a list with one place for each item, given out when it is full. */
function collect(
  Class: PromiseClass,
  items: Iterable<unknown>,
  reactionFor: (capability: Capability, store: Resolve) => { onFulfilled: Resolve; onRejected: Reject },
  whenFull: (capability: Capability, values: unknown[]) => void = ({ resolve }, values) => resolve(values),
): PumpablePromise {
  const capability = newCapability(Class);
  try {
    const resolve = (Class as unknown as { resolve: (value: unknown) => PumpablePromise }).resolve;
    const values: unknown[] = [];
    let index = 0;
    // The loop holds one place itself, so that the list is not full before it ends.
    let missing = 1;
    const arrived = (): void => {
      missing -= 1;
      if (missing === 0) whenFull(capability, values);
    };
    for (const item of items) {
      const place = index;
      index += 1;
      missing += 1;
      values.push(undefined);
      let stored = false;
      const { onFulfilled, onRejected } = reactionFor(capability, (value) => {
        if (stored) return;
        stored = true;
        values[place] = value;
        arrived();
      });
      Reflect.apply(resolve, Class, [item]).then(onFulfilled, onRejected);
    }
    arrived();
  } catch (error) {
    capability.reject(error);
  }
  return capability.promise;
}
