import type { McpRequest, Outcome } from "../../src/protocol/index.ts";

/** What a core exports. */
export interface Handler {
  handle(context: string, request: McpRequest): Outcome;
}

const UNAUTHORIZED = 401;

/** True for an outcome after which the instance is not kept: credentials that are made up must not push out those of good ones. */
export function isUnauthorized(outcome: Outcome): boolean {
  return outcome.tag === "refused" && outcome.val.status === UNAUTHORIZED;
}

/** A started core. */
export interface StartedCore {
  handler: Handler;
  /** The linear memories in it. */
  memories: readonly WebAssembly.Memory[];
}

/** When an instance is replaced, and how many are kept. */
export interface InstanceLimits {
  /** True where all calls have one key: then the instance for the next call is the one that is kept. */
  single: boolean;
  /** Instances kept for later calls, one for each isolation key. */
  kept: number;
  /** Linear memory of all instances that are kept, in bytes. */
  keptBytes: number;
  /** Calls of one instance. */
  calls: number;
  /** Time from its first call, in milliseconds. */
  ageMs: number;
  /** Bytes that one of its memories may have grown to. */
  memoryBytes: number;
  /** Bytes that its memories together may have grown to. */
  chainBytes: number;
}

/** The instances of one thread, by isolation key. */
export interface Instances {
  /**
   * The instance for a call: the one that served this key before, else a new one. It leaves the store until it is given back
   * with {@link Instances.keep}, so an instance whose call did not end serves nothing more.
   */
  take(key: string | undefined): Handler;
  /** Gives back the instance taken last; without a key, or past a limit, it is let go. */
  keep(key: string | undefined): void;
  /** True when the next call of a new key would wait for an instance to start. */
  readonly needsSpare: boolean;
  /** Starts an instance ahead of the next call of a new key. */
  prepare(): void;
}

interface Instance extends StartedCore {
  /** Of its memories: a view is without length once its memory has grown, and asking a memory itself takes ten times as long. */
  views: Uint8Array[];
  startBytes: number;
  /** After its last call. */
  bytes: number;
  calls: number;
  /** Of its first call. */
  since: number;
}

/**
 * Keeps the instances of one thread. Isolation rests on this: no instance ever changes its key.
 *
 * @param now Milliseconds of a clock that only goes forward.
 */
export function createInstances(
  start: () => StartedCore,
  limits: InstanceLimits,
  now: () => number,
): Instances {
  /** Those used last are at the end; the one used last of all is in `newest`. */
  const kept = new Map<string, Instance>();
  /** Beside the map: most calls have the key of the one before, and what comes and goes makes a map anew each time. */
  let newest: { key: string; instance: Instance } | undefined;
  let keptBytes = 0;
  let spare: Instance | undefined;
  let taken: Instance | undefined;

  function create(): Instance {
    const core = start();
    const views = core.memories.map(({ buffer }) => new Uint8Array(buffer));
    const instance: Instance = { ...core, views, startBytes: 0, bytes: 0, calls: 0, since: 0 };
    instance.startBytes = instance.bytes = bytesOf(instance);
    return instance;
  }

  function takeSpare(): Instance {
    const instance = spare ?? create();
    spare = undefined;
    return instance;
  }

  function remove(key: string): Instance | undefined {
    let instance: Instance | undefined;
    if (newest?.key === key) {
      ({ instance } = newest);
      newest = undefined;
    } else {
      instance = kept.get(key);
      if (!instance) return undefined;
      kept.delete(key);
    }
    keptBytes -= instance.bytes;
    return instance;
  }

  function add(key: string, instance: Instance): void {
    if (newest) kept.set(newest.key, newest.instance);
    newest = { key, instance };
    keptBytes += instance.bytes;
    while (count() > limits.kept || keptBytes > limits.keptBytes) {
      // The one that was added goes last.
      const [oldest = key] = kept.keys();
      remove(oldest);
    }
  }

  function count(): number {
    return kept.size + (newest ? 1 : 0);
  }

  function isOld({ since }: Instance): boolean {
    return now() - since >= limits.ageMs;
  }

  function isSpent(instance: Instance): boolean {
    const { calls, views, startBytes, bytes } = instance;
    if (calls >= limits.calls || isOld(instance)) return true;
    // A core that starts as large as this is not made smaller by starting it again.
    if (bytes === startBytes) return false;
    return bytes >= limits.chainBytes || views.some(({ length }) => length >= limits.memoryBytes);
  }

  return {
    take(key) {
      const found = key === undefined ? undefined : remove(key);
      taken = found && !isOld(found) ? found : takeSpare();
      if (taken.calls++ === 0) taken.since = now();
      return taken.handler;
    },
    keep(key) {
      const instance = taken;
      taken = undefined;
      if (key === undefined || !instance) return;
      instance.bytes = bytesOf(instance);
      if (isSpent(instance)) return;
      add(key, instance);
    },
    get needsSpare() {
      return !spare && !(limits.single && count() > 0);
    },
    prepare() {
      spare = create();
    },
  };
}

function bytesOf({ memories, views }: Instance): number {
  let bytes = 0;
  for (let at = 0; at < views.length; at++) {
    if (views[at]!.length === 0) views[at] = new Uint8Array(memories[at]!.buffer);
    bytes += views[at]!.length;
  }
  return bytes;
}
