import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { findModernNode, findTool } from "../fixtures/programs.ts";
import { judge, type ExpectedFailures } from "./judge.ts";
import { runSuite } from "./run-suite.ts";

const EXPECTED = new URL("expected-failures.json", import.meta.url);
const expected = JSON.parse(readFileSync(EXPECTED, "utf8")) as ExpectedFailures[];

const RUNS = [
  { run: "2025-11-25", tool: "@modelcontextprotocol/conformance", select: ["--requirements", "2025-11-25"] },
  { run: "2026-07-28", tool: "@modelcontextprotocol/conformance", select: ["--requirements", "2026-07-28"] },
  { run: "0.1.16", tool: "conformance-0.1", select: ["--suite", "all"] },
];

const node = findModernNode();
const suites = RUNS.map(({ tool, ...rest }) => ({
  ...rest,
  program: findTool(...tool.split("/"), "dist", "index.js"),
}));

/** Why the suite cannot run here; nothing when it can. */
export const missingSuite = node.missing ?? suites.find(({ program }) => program.missing)?.program.missing;

/**
 * Runs the official suite against a server, and makes tests of what it found: which scenarios there are is known once they
 * have run.
 *
 * @param host Prefix of the runs in `expected-failures.json`.
 */
export async function officialSuite(
  host: string,
  url: string | undefined,
  missing: string | undefined,
): Promise<void> {
  test("every expected failure is one of a run that takes place", () => {
    const names = RUNS.map(({ run }) => `${host} ${run}`);
    const ours = expected.flatMap(({ runs }) => runs).filter((run) => run.startsWith(`${host} `));
    expect(ours.filter((run) => !names.includes(run))).toEqual([]);
  });
  for (const { run, select, program } of suites) {
    const title = `the official conformance suite on ${host}, ${run}`;
    if (url === undefined) {
      test.skip(`${title}: NOT RUN, ${missing}`);
      continue;
    }
    const programs = { node: node.path!, suite: program.path! };
    const verdict = judge(`${host} ${run}`, await runSuite(programs, url, select), expected);
    describe(title, () => {
      for (const [scenario, problems] of verdict.unexpected) {
        test(scenario, () => expect(problems).toEqual([]));
      }
      test("no expected failure is stale", () => expect(verdict.stale).toEqual([]));
    });
  }
}
