import type { Handler } from "./instances.ts";

/** How long one part of a core took for a call, with all that it called. */
export interface LinkTime {
  /** As `linkNames` has it. */
  name: string;
  /** Milliseconds since 1970-01-01T00:00:00Z, with a fraction. */
  startTime: number;
  endTime: number;
  /** Which of the times before it is that of its caller; nothing for the outermost. */
  caller: number | undefined;
  /** It ended by a trap. */
  failed: boolean;
}

/** Takes the time of each part of a core, of one call after another. */
export interface LinkTrace {
  /** A new instance of the core. */
  instance(): TracedInstance;
  /** The times of the call that ended, in the order of their beginnings. */
  take(): LinkTime[];
}

/** One instance of a core, while it is made. */
export interface TracedInstance {
  /** What a module is given, with a clock around every part in it. */
  around(given: WebAssembly.Imports | undefined): WebAssembly.Imports;
  /** Learns which functions of a module are parts. */
  learn(instance: WebAssembly.Instance): void;
  /** Gives the parts their names, and the function of the whole core a clock; called once all modules are instantiated. */
  finish(core: Handler): Handler;
}

/** A call may enter parts as often as it likes. */
const MAX_TIMES = 200;
/** What parts export; the transpiler hands it on as it is. */
const ENTRY = /^tenon:mcp\/(?:handler|provider)@[\d.]+#handle$/;

interface Entry {
  place: number;
  name: string | undefined;
}

type Callable = (...args: never[]) => unknown;

/**
 * Parts of a core call each other within WebAssembly, through adapters that import the functions they call: there a function that takes
 * the time can stand in. Nothing of that is in a core whose time is not taken.
 *
 * @param names Of what is called, innermost first. When it is not as many as are found, nothing has a name, and no time is kept.
 */
export function createLinkTrace(names: readonly (string | undefined)[]): LinkTrace {
  let times: LinkTime[] = [];
  let caller: number | undefined;

  function timed<Function extends Callable>(call: Function, entry: Entry): Function {
    return ((...args: never[]) => {
      if (entry.name === undefined || times.length >= MAX_TIMES) return call(...args);
      const time = { name: entry.name, startTime: now(), endTime: 0, caller, failed: true };
      caller = times.push(time) - 1;
      try {
        const result = call(...args);
        time.failed = false;
        return result;
      } finally {
        time.endTime = now();
        caller = time.caller;
      }
    }) as Function;
  }

  function instance(): TracedInstance {
    const parts = new Map<unknown, Entry>();
    const called = new Set<Entry>();
    return {
      around(given = {}) {
        const changed: WebAssembly.Imports = {};
        for (const [module, imports] of Object.entries(given)) {
          const own: Record<string, unknown> = (changed[module] = {});
          for (const [name, value] of Object.entries(imports)) {
            const entry = parts.get(value);
            if (entry) called.add(entry);
            own[name] = entry ? timed(value as Callable, entry) : value;
          }
        }
        return changed;
      },
      learn({ exports }) {
        for (const [name, value] of Object.entries(exports)) {
          if (ENTRY.test(name) && !parts.has(value)) parts.set(value, { place: parts.size, name: undefined });
        }
      },
      finish(core) {
        const whole: Entry = { place: parts.size, name: undefined };
        const inOrder = [...called].sort((a, b) => a.place - b.place).concat(whole);
        if (inOrder.length === names.length)
          for (const [i, entry] of inOrder.entries()) entry.name = names[i];
        return { handle: timed((context, request) => core.handle(context, request), whole) };
      },
    };
  }

  return {
    instance,
    take() {
      const taken = times;
      times = [];
      caller = undefined;
      return taken;
    },
  };
}

function now(): number {
  return performance.timeOrigin + performance.now();
}
