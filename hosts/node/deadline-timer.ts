import { MAX_TIMER_MS } from "./after.ts";

/** One timer for the deadlines of calls that run one after another. */
export interface DeadlineTimer {
  /** Looks at the clock at the deadline, if not before. */
  watch(deadline: number): void;
  stop(): void;
}

/**
 * Creates a timer. It is left to run when a call ends: most end long before their deadline, and the next one has its deadline later.
 *
 * @param current The deadline of the call that runs now, in milliseconds since 1970-01-01T00:00:00Z.
 * @param onDeadline The deadline of the call that runs now is over.
 */
export function createDeadlineTimer(
  current: () => number | undefined,
  onDeadline: () => void,
): DeadlineTimer {
  let timer: NodeJS.Timeout | undefined;
  let firesAt = Infinity;

  function watch(deadline: number): void {
    if (deadline >= firesAt) return;
    clearTimeout(timer);
    firesAt = deadline;
    const leftMs = Math.max(1, Math.min(deadline - Date.now(), MAX_TIMER_MS));
    timer = setTimeout(look, leftMs).unref();
  }

  function look(): void {
    firesAt = Infinity;
    const deadline = current();
    if (deadline === undefined) return;
    if (deadline <= Date.now()) onDeadline();
    else watch(deadline);
  }

  return {
    watch,
    stop() {
      clearTimeout(timer);
      firesAt = Infinity;
    },
  };
}
