/** Budgets of one `rate-limit`: `CountedBudgets` of src/bundle/rate-counters.ts. */
export interface CountedBudgets {
  prefix: string;
  limit: number;
  windowSeconds: number;
  burst: number;
  leastCost: number;
  mostCost: number;
}

/** What a counter counted in the last so many seconds. */
type Count = (seconds: number) => number;

/** Windows of counters are multiples of it. */
const STEP_SECONDS = 10;

/**
 * How many milliseconds from now a budget is whole, by what was spent from it: such that `rate-limit` admits what costs no more
 * than there is room for. In its window there is room for the limit; in a shorter one for the burst and what comes in meanwhile. Without
 * room for the least cost, it is told to wait until so much was spent longer ago than a window.
 */
export function owedMs(budgets: CountedBudgets, counted: Count): number {
  const { burst, leastCost } = budgets;
  const known = new Map<number, number>();
  const count: Count = (seconds) => {
    if (seconds === 0) return 0;
    if (!known.has(seconds)) known.set(seconds, counted(seconds));
    return known.get(seconds)!;
  };
  let room = burst;
  let waitSeconds = 0;
  for (const [seconds, most] of windowsOf(budgets)) {
    const left = most - count(seconds);
    room = Math.min(room, left);
    if (left < leastCost) waitSeconds = Math.max(waitSeconds, secondsUntil(most - leastCost, seconds, count));
  }
  const owed = (burst - room) * msEach(budgets);
  return waitSeconds === 0 ? owed : waitSeconds * 1000 + (burst - leastCost) * msEach(budgets);
}

/**
 * What a request cost that has `rate-limit` put off the time at which the budget is whole. Where the budget is whole by now, that
 * counts from when `rate-limit` looked at its clock, which is little later; no cost is above the most there is.
 *
 * @returns Nothing when no request costs that little.
 */
export function costOf(budgets: CountedBudgets, wholeAt: number, next: number): number | undefined {
  const cost = Math.min(budgets.mostCost, Math.round((next - wholeAt) / msEach(budgets)));
  return cost >= budgets.leastCost ? cost : undefined;
}

/** The time a cost of 1 takes to come in. */
function msEach({ limit, windowSeconds }: CountedBudgets): number {
  return (windowSeconds * 1000) / limit;
}

/** The windows that can be full, in seconds, and what may be spent in each. */
function windowsOf({ limit, windowSeconds, burst }: CountedBudgets): [seconds: number, most: number][] {
  const windows: [number, number][] = [[windowSeconds, limit]];
  for (let seconds = STEP_SECONDS; seconds < windowSeconds; seconds += STEP_SECONDS) {
    const most = burst + (limit * seconds) / windowSeconds;
    if (most < limit) windows.push([seconds, most]);
  }
  return windows;
}

/** How long until no more than `rest` of what was spent in a window is in it, if nothing else is spent. */
function secondsUntil(rest: number, windowSeconds: number, count: Count): number {
  let seconds = windowSeconds - STEP_SECONDS;
  while (seconds > 0 && count(seconds) > rest) seconds -= STEP_SECONDS;
  return windowSeconds - seconds;
}
