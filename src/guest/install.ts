import { defineGlobals } from "./define-globals.ts";
import { enqueue } from "./job-queue.ts";
import { PumpablePromise, runAsync } from "./promise.ts";

// The generated entry imports this module first, so that the author's code never sees the engine's own versions.

defineGlobals({
  Promise: PumpablePromise,
  // What `async` functions were turned into calls it: src/build/async-helper.ts.
  $tenonRunAsync: runAsync,
  queueMicrotask: (callback: () => void) => {
    if (typeof callback !== "function") throw new TypeError("queueMicrotask needs a function");
    enqueue(() => callback());
  },
});

// The engine's own returns its own promises, which nothing here can pump.
defineGlobals(
  {
    async fromAsync(
      items: AsyncIterable<unknown> | Iterable<unknown> | ArrayLike<unknown>,
      map?: (value: unknown, index: number) => unknown,
    ): Promise<unknown[]> {
      const iterable = Symbol.asyncIterator in items || Symbol.iterator in items ? items : Array.from(items);
      const list: unknown[] = [];
      for await (const item of iterable) list.push(map === undefined ? item : await map(item, list.length));
      return list;
    },
  },
  Array,
);

for (const name of ["AsyncDisposableStack", "wit", "__cqjs"]) Reflect.deleteProperty(globalThis, name);
