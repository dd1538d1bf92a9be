/** The lowest version that has every function listed for its track: hosts differ in how far they have got. */
const WASI = "0.2.0";

/** Interfaces whose functions every composition may import from its host. Anything else is denied until granted. */
const ALWAYS: Record<string, { version: string; functions: readonly string[] }> = {
  "tenon:mcp/outbox@0.1": { version: "0.1.0", functions: ["notify", "cancelled"] },
  "tenon:host/log@0.1": { version: "0.1.0", functions: ["write"] },
  "wasi:clocks/wall-clock@0.2": { version: WASI, functions: ["now", "resolution"] },
  "wasi:clocks/monotonic-clock@0.2": { version: WASI, functions: ["now", "resolution"] },
  "wasi:random/random@0.2": { version: WASI, functions: ["get-random-bytes", "get-random-u64"] },
};

/** Timers: functions that share the resource `pollable`, so the host serves all of them or none. */
const TIMERS: typeof ALWAYS = {
  "wasi:clocks/monotonic-clock@0.2": {
    version: WASI,
    functions: ["now", "resolution", "subscribe-instant", "subscribe-duration"],
  },
  "wasi:io/poll@0.2": {
    version: WASI,
    functions: ["[method]pollable.ready", "[method]pollable.block", "poll"],
  },
};

/** Resources the host owns when it serves timers, as `track name`. */
const TIMER_RESOURCES: ReadonlySet<string> = new Set(["wasi:io/poll@0.2 pollable"]);

const CREDENTIALS: typeof ALWAYS = {
  "tenon:host/credentials@0.1": { version: "0.1.0", functions: ["authorization"] },
};

/** What the host of a composition serves. */
export interface HostImports {
  /** True when the host serves that function. */
  serves: (track: string, name: string) => boolean;
  /** True when an interface without functions is imported from the host too, rather than made up by the stub. */
  servesTypes: (track: string) => boolean;
  /** The interface id to import, at the lowest version that will do. */
  idOf: (track: string, name: string) => string;
  /** Resources that belong to the host, as `track name`. */
  resources: ReadonlySet<string>;
}

/** The imports a composition may have. */
export function hostImports(needs: { timers: boolean; credentials: boolean }): HostImports {
  const allowed = { ...ALWAYS, ...(needs.timers ? TIMERS : {}), ...(needs.credentials ? CREDENTIALS : {}) };
  return {
    serves: (track, name) => Object.hasOwn(allowed, track) && allowed[track]!.functions.includes(name),
    servesTypes: (track) => track.startsWith("tenon:"),
    idOf: (track, id) =>
      Object.hasOwn(allowed, track) ? id.replace(/@.*$/, `@${allowed[track]!.version}`) : id,
    resources: needs.timers ? TIMER_RESOURCES : new Set(),
  };
}
