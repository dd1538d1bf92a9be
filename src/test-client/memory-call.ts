import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { hexOf, randomSequence } from "../guest/asking/hash.ts";
import type { Journal, Surrounding } from "../guest/asking/journal.ts";
import type { Round } from "../guest/asking/state.ts";
import type { Outcome } from "../sdk/messages.ts";

/** Turns of the event loop without work, after which none is left: what streams do takes several. */
const QUIET_TURNS = 3;
const TURN_MS = 1;

/**
 * One call of a provider in this process, which ends as it would in a component: where nothing but an answer of the client
 * can go on with it.
 */
export class MemoryCall {
  journal: Journal | undefined;
  /** Timers that are set. */
  readonly timers = new Set<unknown>();
  /** What the clock says during a round, where it stands still. */
  now: number | undefined;
  /** Where random bytes come from during a round. */
  random: ((length: number) => Uint8Array) | undefined;
  readonly #isOver: () => boolean;
  #working = 0;

  /** @param isOver True once nobody waits for the call any more. */
  constructor(isOver: () => boolean) {
    this.#isOver = isOver;
  }

  /** Waits for a service of the host. */
  async work<T>(work: () => Promise<T>): Promise<T> {
    this.#working += 1;
    try {
      return await work();
    } finally {
      this.#working -= 1;
    }
  }

  /** What the rounds of the call are surrounded by. `repeats` says that clock and random numbers are those of the round. */
  surrounding(now: () => number, repeats: boolean): Surrounding {
    return {
      newRound: () => ({ now: now(), seed: hexOf(randomBytes(16)) }),
      enter: ({ now: time, seed }: Round) => {
        if (!repeats) return;
        this.now = time;
        this.random = randomSequence(seed);
      },
    };
  }

  /** The outcome of a call that has started. */
  async settle(started: Promise<Outcome>): Promise<Outcome> {
    let settled: Outcome | undefined;
    const ended = started.then((outcome) => {
      settled = outcome;
    });
    const isDone = (): boolean =>
      settled !== undefined || this.journal?.outcome !== undefined || this.#isOver();
    // A handler may ask at any time, so its journal is looked at until it has ended.
    while (!isDone()) {
      await Promise.race([ended, this.#quiet(isDone)]);
      if (!isDone()) this.journal?.advance();
    }
    return this.journal?.outcome ?? settled ?? started;
  }

  /** Waits until nothing is left to do. */
  async #quiet(isDone: () => boolean): Promise<void> {
    for (let turns = 0; turns < QUIET_TURNS && !isDone(); turns++) {
      await sleep(TURN_MS);
      if (this.#working > 0 || this.timers.size > 0) turns = -1;
    }
  }
}
