// The build loads a module with this in place of the engine's clock, to warn of values that would be those of the build
// for ever.

let reads = 0;

/** How often the clock was read. */
export function clockReads(): number {
  return reads;
}

const { now } = Date;

Object.defineProperty(globalThis, "Date", {
  value: new Proxy(Date, {
    apply: (target) => {
      reads += 1;
      return target();
    },
    construct: (target, args, newTarget) => {
      if (args.length === 0) reads += 1;
      return Reflect.construct(target, args, newTarget) as Date;
    },
    get: (target, name, receiver): unknown => {
      if (name !== "now") return Reflect.get(target, name, receiver);
      return () => {
        reads += 1;
        return now();
      };
    },
  }),
  writable: true,
  configurable: true,
});
