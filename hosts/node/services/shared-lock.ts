import { setImmediate as turn } from "node:timers/promises";

const FREE = 0;
/** How often a lock is looked at before a thread sleeps: what it guards takes microseconds. */
const LOOKS = 200;

/**
 * A lock that threads share: a 32-bit word that is 0, or the number of who holds it. A thread that was ended while it held it is still
 * its holder, until whoever knows that it is gone takes the lock over.
 */
export interface SharedLock {
  /** Waits for the lock. Not for a main thread, which would not hear that a thread has ended. */
  acquire(): void;
  /** The same, for a main thread. */
  acquireInTurns(): Promise<void>;
  /** Takes the lock over from a holder that is gone. False when it did not hold it. */
  takeOver(from: number): boolean;
  release(): void;
}

/** @param holder The number of this thread, more than 0. */
export function createSharedLock(words: Int32Array, at: number, holder: number): SharedLock {
  function tries(): boolean {
    for (let looks = 0; looks < LOOKS; looks++) {
      if (Atomics.compareExchange(words, at, FREE, holder) === FREE) return true;
    }
    return false;
  }

  return {
    acquire() {
      while (!tries()) {
        const other = Atomics.load(words, at);
        if (other !== FREE) Atomics.wait(words, at, other);
      }
    },
    async acquireInTurns() {
      while (!tries()) await turn();
    },
    takeOver: (from) => Atomics.compareExchange(words, at, from, holder) === from,
    release() {
      Atomics.store(words, at, FREE);
      Atomics.notify(words, at);
    },
  };
}
