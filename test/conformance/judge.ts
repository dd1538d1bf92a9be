/** One check of the official conformance suite. */
export interface ScenarioCheck {
  id: string;
  status: "SUCCESS" | "FAILURE" | "WARNING" | "SKIPPED" | "INFO";
  errorMessage?: string;
}

/** What a scenario of the suite found. */
export interface Scenario {
  name: string;
  checks: readonly ScenarioCheck[];
}

/** Checks that are known to fail, and why. */
export interface ExpectedFailures {
  reason: string;
  /** Runs in which they fail. */
  runs: readonly string[];
  /** As `scenario:check`. */
  checks: readonly string[];
}

/** What a run found against what was expected of it. */
export interface Verdict {
  /** Failed checks that are not expected, with their messages, by scenario; one entry for each scenario. */
  unexpected: ReadonlyMap<string, readonly string[]>;
  /** Expected failures that were none. */
  stale: readonly string[];
}

/** Holds a run against the expected failures. A warning (the specification's SHOULD) counts as a failure. */
export function judge(
  run: string,
  scenarios: readonly Scenario[],
  expected: readonly ExpectedFailures[],
): Verdict {
  const known = new Set(expected.filter(({ runs }) => runs.includes(run)).flatMap(({ checks }) => checks));
  const seen = new Set<string>();
  const unexpected = new Map<string, string[]>();
  for (const { name, checks } of scenarios) {
    const problems: string[] = [];
    unexpected.set(name, problems);
    for (const { id, status, errorMessage } of checks) {
      if (status !== "FAILURE" && status !== "WARNING") continue;
      const key = `${name}:${id}`;
      seen.add(key);
      if (!known.has(key)) problems.push(`${key} ${status}: ${errorMessage ?? "no message"}`);
    }
  }
  return { unexpected, stale: [...known].filter((key) => !seen.has(key)) };
}
