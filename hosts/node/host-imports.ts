import { randomFillSync } from "node:crypto";
import type { LogEntry } from "./log-line.ts";

/** What a core may import: implementations by interface, without version, as transpiled code asks for them. */
export type HostImports = Record<string, Record<string, unknown>>;

const MAX_RANDOM_BYTES = 64 * 1024;
/** Handles that one instance may have at once: they are objects of the host, which no limit of the guest's memory counts. */
const MAX_POLLABLES = 1000;
const DISPOSE: typeof Symbol.dispose = Symbol.dispose ?? Symbol.for("dispose");
const NANOSECONDS_PER_MILLISECOND = 1_000_000n;

/**
 * What every instance of a core may import: its log, clocks and random numbers. With the services it is all there is: no files, no
 * environment, no sockets, no standard streams. Blocking calls block the worker they run on.
 *
 * @param log Takes what guests log.
 * @param now The wall clock, in milliseconds since 1970-01-01T00:00:00Z.
 */
export function createHostImports(log: (entry: LogEntry) => void, now: () => number = Date.now): HostImports {
  let pollables = 0;
  function pollable(instant: bigint): Pollable {
    if (pollables >= MAX_POLLABLES) throw new Error(`an instance may have ${MAX_POLLABLES} pollables`);
    pollables++;
    return new Pollable(instant, () => pollables--);
  }
  return {
    "tenon:host/log": {
      write: log,
    },
    "wasi:clocks/wall-clock": {
      now: (): Datetime => datetime(now()),
      resolution: (): Datetime => datetime(1),
    },
    "wasi:clocks/monotonic-clock": {
      now: (): bigint => process.hrtime.bigint(),
      resolution: (): bigint => 1n,
      subscribeDuration: (duration: bigint): Pollable => pollable(process.hrtime.bigint() + duration),
      subscribeInstant: pollable,
    },
    "wasi:io/poll": { Pollable, poll },
    "wasi:random/random": { getRandomBytes: randomBytes, getRandomU64: randomWord },
    "wasi:random/insecure": { getInsecureRandomBytes: randomBytes, getInsecureRandomU64: randomWord },
    "wasi:random/insecure-seed": { insecureSeed: (): [bigint, bigint] => [randomWord(), randomWord()] },
  };
}

interface Datetime {
  readonly seconds: bigint;
  readonly nanoseconds: number;
}

/** What was asked for last: parts ask several times within a millisecond. */
let known: { milliseconds: number; datetime: Datetime } | undefined;

function datetime(milliseconds: number): Datetime {
  if (known?.milliseconds !== milliseconds) known = { milliseconds, datetime: makeDatetime(milliseconds) };
  return known.datetime;
}

function makeDatetime(milliseconds: number): Datetime {
  return {
    seconds: BigInt(Math.floor(milliseconds / 1000)),
    nanoseconds: Math.floor(milliseconds % 1000) * 1_000_000,
  };
}

/** A point in time that can be waited for; the only thing on this host that can. */
class Pollable {
  /** In nanoseconds of the monotonic clock. */
  readonly #instant: bigint;

  readonly #onDispose: () => void;

  constructor(instant: bigint, onDispose: () => void) {
    this.#instant = instant;
    this.#onDispose = onDispose;
  }

  /** The guest has dropped its handle, which it does once. */
  [DISPOSE](): void {
    this.#onDispose();
  }

  ready(): boolean {
    return process.hrtime.bigint() >= this.#instant;
  }

  block(): void {
    // A timer may fire early by less than its resolution.
    while (!this.ready()) sleep(this.remaining());
  }

  /** Nanoseconds left. */
  remaining(): bigint {
    const left = this.#instant - process.hrtime.bigint();
    return left > 0n ? left : 0n;
  }
}

/**
 * The indexes of what is ready, after waiting for one.
 * @see https://github.com/WebAssembly/WASI/blob/main/proposals/io/wit/poll.wit
 */
function poll(list: readonly Pollable[]): Uint32Array {
  if (list.length === 0) throw new Error("poll needs at least one pollable");
  for (;;) {
    const ready: number[] = [];
    let shortest: bigint | undefined;
    for (const [index, pollable] of list.entries()) {
      if (pollable.ready()) ready.push(index);
      const left = pollable.remaining();
      if (shortest === undefined || left < shortest) shortest = left;
    }
    if (ready.length > 0) return Uint32Array.from(ready);
    sleep(shortest!);
  }
}

const sleeper = new Int32Array(new SharedArrayBuffer(4));

/** Blocks the thread; `terminate()` ends it. */
function sleep(nanoseconds: bigint): void {
  Atomics.wait(sleeper, 0, 0, Number(nanoseconds / NANOSECONDS_PER_MILLISECOND) + 1);
}

function randomWord(): bigint {
  return randomFillSync(new BigUint64Array(1))[0]!;
}

function randomBytes(length: bigint): Uint8Array {
  if (length > MAX_RANDOM_BYTES) throw new Error(`random bytes are limited to ${MAX_RANDOM_BYTES} a call`);
  return randomFillSync(new Uint8Array(Number(length)));
}
