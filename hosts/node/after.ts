/** Longest a timer can wait, in milliseconds: a longer one would fire at once. */
export const MAX_TIMER_MS = 2 ** 31 - 1;

/** Calls `action` once, later, and gives what prevents it. */
export function after(milliseconds: number, action: () => void): () => void {
  const timer = setTimeout(action, Math.min(milliseconds, MAX_TIMER_MS));
  return () => clearTimeout(timer);
}
