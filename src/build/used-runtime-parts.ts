/** Parts of the guest runtime that import host functions, and what code that uses them must contain. */
const PARTS: readonly (readonly [part: string, use: RegExp])[] = [
  ["random", /\brandom\b/],
  ["timers", /\b(?:set|clear)(?:Timeout|Interval)\b/],
];

/** The parts of the guest runtime that bundled code may use, so that a component imports no more than it needs. */
export function usedRuntimeParts(code: string): string[] {
  return PARTS.filter(([, use]) => use.test(code)).map(([part]) => part);
}
