/** Has a part whose last call failed leave a thread to the others: what it is given now may be lost until the deadline, and the thread with it. */
export interface Bulkhead {
  /**
   * Whether a call of the part may begin on one of the threads that are idle.
   *
   * @param saysMuch False for a call whose end would say nothing of its part: it would cost a thread, and bring its part no nearer to
   * a rest.
   */
  admits(part: string, saysMuch: boolean): boolean;
  begin(part: string): void;
  end(part: string): void;
}

/** What a bulkhead goes by. */
export interface BulkheadOptions {
  /** Calls that run at once. */
  workers: number;
  /** True while the last call of the part that said anything of it was good. */
  isSound: (part: string) => boolean;
  /** Threads that could take a call. */
  idle: () => number;
}

/** Creates a bulkhead. Names of parts are to come from the manifest: there are as many counts as names. */
export function createBulkhead({ workers, isSound, idle }: BulkheadOptions): Bulkhead {
  const running = new Map<string, number>();
  const runs = (part: string): number => running.get(part) ?? 0;
  return {
    // Of calls there must be room for one more as well, but for a pool that runs one at a time.
    admits: (part, saysMuch) =>
      isSound(part) || (saysMuch && idle() > 1 && runs(part) < Math.max(1, workers - 1)),
    begin: (part) => void running.set(part, runs(part) + 1),
    end: (part) => void running.set(part, runs(part) - 1),
  };
}
