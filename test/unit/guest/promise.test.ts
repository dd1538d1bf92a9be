// oxlint-disable unicorn/no-thenable, unicorn/consistent-function-scoping, typescript/await-thenable, typescript/no-this-alias -- what promises must cope with
import { afterEach, describe, expect, test } from "vitest";
import { enqueue, finishJobs, runJobs } from "../../../src/guest/job-queue.ts";
import { PumpablePromise, runAsync, takeUnhandled } from "../../../src/guest/promise.ts";
import { NeverSettlesError, settle } from "../../../src/guest/settle.ts";

const P = PumpablePromise as unknown as PromiseConstructor;

/** Runs every job that waits. */
function pump(): void {
  runJobs(() => false);
}

/** What has become of a promise once nothing more happens. */
function outcome(promise: Promise<unknown>): unknown {
  let seen: unknown = "pending";
  promise.then(
    (value) => {
      seen = { value };
    },
    (reason: unknown) => {
      seen = { reason };
    },
  );
  pump();
  return seen;
}

afterEach(() => {
  finishJobs(0);
  takeUnhandled();
});

describe("then()", () => {
  test("calls back only from the job queue, in the order of registration (2.2.4, 2.2.6)", () => {
    const order: string[] = [];
    const promise = P.resolve(1);
    void promise.then(() => order.push("first"));
    void promise.then(() => order.push("second"));
    order.push("sync");
    pump();
    expect(order).toEqual(["sync", "first", "second"]);
  });

  test("ignores what is no function and passes the state on (2.2.1, 2.2.7)", () => {
    expect(outcome(P.resolve(1).then(null, null))).toEqual({ value: 1 });
    expect(outcome(P.reject(2).then(undefined))).toEqual({ reason: 2 });
    expect(outcome(P.reject(2).then(undefined, () => 3))).toEqual({ value: 3 });
  });

  test("calls back without a receiver (2.2.5)", () => {
    let receiver: unknown = "unset";
    void P.resolve().then(function (this: unknown) {
      receiver = this;
    });
    pump();
    expect(receiver).toBeUndefined();
  });

  test("rejects with what a callback throws", () => {
    const error = new Error("thrown");
    const promise = P.resolve().then(() => {
      throw error;
    });
    expect(outcome(promise)).toEqual({ reason: error });
  });

  test("settles once, whatever the executor does afterwards", () => {
    const promise = new P((resolve, reject) => {
      resolve(1);
      reject(new Error("late"));
      resolve(2);
      throw new Error("later still");
    });
    expect(outcome(promise)).toEqual({ value: 1 });
  });

  test("waits for a promise it was resolved with, and ignores later calls (2.3.2)", () => {
    let release: (value: number) => void = () => {};
    const inner = new P<number>((resolve) => {
      release = resolve;
    });
    const promise = new P((resolve) => {
      resolve(inner);
      resolve(7);
    });
    expect(outcome(promise)).toBe("pending");
    release(1);
    expect(outcome(promise)).toEqual({ value: 1 });
  });

  test("rejects a promise resolved with itself (2.3.1)", () => {
    let resolveSelf: (value: unknown) => void = () => {};
    const promise: Promise<unknown> = new P((resolve) => {
      resolveSelf = resolve;
    });
    resolveSelf(promise);
    expect(outcome(promise)).toEqual({ reason: expect.any(TypeError) as unknown });
  });
});

describe("thenables (2.3.3)", () => {
  const resolvedWith = (thenable: unknown): unknown => outcome(P.resolve().then(() => thenable));

  test("are asked once for then, which is called with the thenable as receiver", () => {
    let reads = 0;
    const thenable = {
      value: 5,
      get then() {
        reads += 1;
        return function (this: { value: number }, resolve: (value: unknown) => void) {
          resolve(this.value);
        };
      },
    };
    expect(resolvedWith(thenable)).toEqual({ value: 5 });
    expect(reads).toBe(1);
  });

  test("that throw before they call back reject, after it are ignored", () => {
    expect(
      resolvedWith({
        then: () => {
          throw 1;
        },
      }),
    ).toEqual({ reason: 1 });
    expect(
      resolvedWith({
        then: (resolve: (value: unknown) => void) => {
          resolve(2);
          throw 1;
        },
      }),
    ).toEqual({ value: 2 });
  });

  test("whose then getter throws reject", () => {
    const thenable = Object.defineProperty({}, "then", {
      get: () => {
        throw 3;
      },
    });
    expect(resolvedWith(thenable)).toEqual({ reason: 3 });
  });

  test("that call back twice count once, also with a nested thenable", () => {
    const nested = { then: (resolve: (value: unknown) => void) => enqueue(() => resolve("nested")) };
    expect(
      resolvedWith({
        then: (resolve: (value: unknown) => void, reject: (reason: unknown) => void) => {
          resolve(nested);
          reject("late");
          resolve("late");
        },
      }),
    ).toEqual({ value: "nested" });
  });

  test("with a then that is no function are values, and functions may be thenables", () => {
    const plain = { then: 5 };
    expect(resolvedWith(plain)).toEqual({ value: plain });
    const callable = Object.assign(() => {}, { then: (resolve: (value: unknown) => void) => resolve(6) });
    expect(resolvedWith(callable)).toEqual({ value: 6 });
  });
});

describe("statics", () => {
  test("all() keeps the order of the items and rejects with the first reason", () => {
    expect(outcome(P.all([P.resolve(1), 2, new Set([3])]))).toEqual({ value: [1, 2, new Set([3])] });
    expect(outcome(P.all([P.resolve(1), P.reject(2), P.reject(3)]))).toEqual({ reason: 2 });
    expect(outcome(P.all([]))).toEqual({ value: [] });
  });

  test("allSettled() tells how each ended", () => {
    expect(outcome(P.allSettled([P.resolve(1), P.reject(2)]))).toEqual({
      value: [
        { status: "fulfilled", value: 1 },
        { status: "rejected", reason: 2 },
      ],
    });
  });

  test("any() gives the first value, or every reason", () => {
    expect(outcome(P.any([P.reject(1), P.resolve(2)]))).toEqual({ value: 2 });
    const none = outcome(P.any([P.reject(1), P.reject(2)])) as { reason: AggregateError };
    expect(none.reason).toBeInstanceOf(AggregateError);
    expect(none.reason.errors).toEqual([1, 2]);
  });

  test("race() ends as the first does, and never without items", () => {
    expect(outcome(P.race([new P(() => {}), P.reject(1), P.resolve(2)]))).toEqual({ reason: 1 });
    expect(outcome(P.race([]))).toBe("pending");
  });

  test("all() closes an iterator when an item cannot be awaited", () => {
    let closed = false;
    function* items(): Generator {
      try {
        yield 1;
        yield 2;
      } finally {
        closed = true;
      }
    }
    class Broken<T> extends P<T> {
      static override resolve(): never {
        throw new Error("broken");
      }
    }
    expect(outcome(Broken.all(items()))).toMatchObject({ reason: { message: "broken" } });
    expect(closed).toBe(true);
  });

  test("resolve() gives back a promise of its own class", () => {
    const promise = P.resolve(1);
    expect(P.resolve(promise)).toBe(promise);
    class Derived<T> extends P<T> {}
    expect(Derived.resolve(promise)).toBeInstanceOf(Derived);
    expect(Derived.resolve(1).then(() => {})).toBeInstanceOf(Derived);
  });

  test("withResolvers() and try() make promises", () => {
    const { promise, reject } = (P as unknown as typeof PumpablePromise).withResolvers();
    reject(1);
    expect(outcome(promise as unknown as Promise<unknown>)).toEqual({ reason: 1 });
    const attempt = (P as unknown as typeof PumpablePromise).try((a) => {
      throw a;
    }, 4);
    expect(outcome(attempt as unknown as Promise<unknown>)).toEqual({ reason: 4 });
  });

  test("finally() passes the state on, unless its callback fails", () => {
    expect(outcome(P.resolve(1).finally(() => 2))).toEqual({ value: 1 });
    expect(outcome(P.reject(1).finally(() => P.resolve(2)))).toEqual({ reason: 1 });
    expect(outcome(P.resolve(1).finally(() => P.reject(3)))).toEqual({ reason: 3 });
  });

  test("a constructor without a function throws", () => {
    expect(() => new P(1 as never)).toThrow(TypeError);
    expect(Object.prototype.toString.call(P.resolve())).toBe("[object Promise]");
    expect(P.name).toBe("Promise");
  });
});

test("takeUnhandled() names the rejections that nothing reacted to, once", () => {
  const late = P.reject(1);
  void P.reject(2);
  P.reject(3).catch(() => {});
  late.catch(() => {});
  pump();
  expect(takeUnhandled()).toEqual([2]);
  expect(takeUnhandled()).toEqual([]);
});

test("settle() gives the value, throws the reason, and refuses what never settles", () => {
  expect(settle(P.resolve(1).then((value) => value + 1))).toBe(2);
  expect(() => settle(P.reject(new RangeError("no")))).toThrow(RangeError);
  expect(() => settle(new P(() => {}))).toThrow(NeverSettlesError);
});

test("runJobs() keeps the order of thousands of jobs", () => {
  const seen: number[] = [];
  for (let i = 0; i < 5000; i++) enqueue(() => seen.push(i));
  pump();
  expect(seen).toEqual(Array.from({ length: 5000 }, (_, i) => i));
});

test("finishJobs() drops what is over its limit", () => {
  let ran = 0;
  for (let i = 0; i < 5; i++) enqueue(() => (ran += 1));
  expect(finishJobs(2)).toBe(3);
  pump();
  expect(ran).toBe(2);
});

describe("runAsync()", () => {
  type Body = () => Generator<unknown, unknown, unknown>;
  const run = (body: Body): Promise<unknown> => runAsync(body());

  test("runs to the first await at once, and one job for each after it", () => {
    const order: string[] = [];
    const body = (name: string): Body =>
      function* () {
        order.push(`${name} starts`);
        for (const value of [1, P.resolve(2), undefined]) order.push(`${name} ${String(yield value)}`);
        return name;
      };
    void run(body("a")).then((name) => order.push(`${String(name)} ends`));
    void run(body("b"));
    order.push("sync");
    pump();
    expect(order.join()).toBe("a starts,b starts,sync,a 1,b 1,a 2,b 2,a undefined,b undefined,a ends");
  });

  test("keeps the order of an engine's own async functions", async () => {
    const program = (
      Class: PromiseConstructor,
      start: (name: string, awaited: () => unknown[]) => Promise<unknown>,
    ): string[] => {
      const order: string[] = [];
      const thenable = { then: (resolve: (value: unknown) => void) => resolve("thenable") };
      const awaited = (name: string) => (): unknown[] => [
        1,
        Class.resolve(2),
        thenable,
        new Class((resolve) => resolve(Class.resolve(3))),
        Class.resolve(4).then(() => order.push(`${name} then`)),
      ];
      void start("a", awaited("a")).then((value) => order.push(String(value)));
      void start("b", awaited("b")).finally(() => order.push("finally"));
      void Class.resolve().then(() => order.push("job"));
      return order;
    };
    const native = program(Promise, async (name, awaited) => {
      for (const each of awaited()) await each;
      return name;
    });
    const own = program(P, (name, awaited) =>
      run(function* () {
        for (const each of awaited()) yield each;
        return name;
      }),
    );
    await new Promise((resolve) => setImmediate(resolve));
    pump();
    expect(own).toEqual(native);
    expect(own).toContain("finally");
  });

  test("throws what it awaits where that is rejected, and rejects with what is thrown", () => {
    const caught = run(function* () {
      try {
        yield P.reject(1);
      } catch (reason) {
        return `caught ${String(reason)}`;
      }
      return "not caught";
    });
    expect(outcome(caught)).toEqual({ value: "caught 1" });
    const rejected = run(function* () {
      yield P.reject(2);
    });
    expect(outcome(rejected)).toEqual({ reason: 2 });
    expect(takeUnhandled()).toEqual([]);
    const thrown = run(function* () {
      yield 1;
      throw new Error("later");
    });
    pump();
    expect(takeUnhandled()).toEqual([new Error("later")]);
    expect(outcome(thrown)).toEqual({ reason: new Error("later") });
  });

  test("has no more parameters than the engine's own promise", () => {
    expect(P.length).toBe(1);
    expect(() => new P({} as never)).toThrow(TypeError);
  });
});
