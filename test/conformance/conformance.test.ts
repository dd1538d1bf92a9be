import { readFileSync } from "node:fs";
import { afterAll, describe, expect, test } from "vitest";
import { findModernNode, findTool } from "../fixtures/programs.ts";
import { startTenon } from "../fixtures/tenon.ts";
import { judge, type ExpectedFailures } from "./judge.ts";
import { runSuite } from "./run-suite.ts";

const EXPECTED = new URL("expected-failures.json", import.meta.url);
const expected = JSON.parse(readFileSync(EXPECTED, "utf8")) as ExpectedFailures[];
const runs = [
  { run: "2025-11-25", tool: "@modelcontextprotocol/conformance", select: ["--requirements", "2025-11-25"] },
  { run: "2026-07-28", tool: "@modelcontextprotocol/conformance", select: ["--requirements", "2026-07-28"] },
  { run: "0.1.16", tool: "conformance-0.1", select: ["--suite", "all"] },
];

const node = findModernNode();
const suites = runs.map(({ tool, ...rest }) => ({
  ...rest,
  program: findTool(...tool.split("/"), "dist", "index.js"),
}));
const missing = node.missing ?? suites.find(({ program }) => program.missing)?.program.missing;

test("every expected failure is one of a run that takes place", () => {
  const names = runs.map(({ run }) => run);
  expect(expected.flatMap((entry) => entry.runs).filter((run) => !names.includes(run))).toEqual([]);
});

// Which scenarios there are is known once they have run, so they run before there are tests: one for each.
const server =
  missing === undefined
    ? await startTenon("test/conformance/tenon.json", { args: ["--sessions"] })
    : undefined;
afterAll(() => server?.stop());

for (const { run, select, program } of suites) {
  const title = `the official conformance suite, ${run}`;
  if (server === undefined) {
    test.skip(`${title}: NOT RUN, ${missing}`);
    continue;
  }
  const programs = { node: node.path!, suite: program.path! };
  const verdict = judge(run, await runSuite(programs, server.url, select), expected);
  describe(title, () => {
    for (const [scenario, problems] of verdict.unexpected) {
      test(scenario, () => expect(problems).toEqual([]));
    }
    test("no expected failure is stale", () => expect(verdict.stale).toEqual([]));
  });
}
