import { execFile } from "node:child_process";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Scenario, ScenarioCheck } from "./judge.ts";

const TIMEOUT_MS = 300_000;
const FOLDER = /^server-(?<name>.+)-\d{4}-\d\d-\d\dT[\d-]+Z$/;

/** Runs the official suite against a server and reads what it found, scenario by scenario. */
export async function runSuite(
  program: { node: string; suite: string },
  url: string,
  selection: readonly string[],
): Promise<Scenario[]> {
  const folder = await mkdtemp(join(tmpdir(), "tenon-conformance-"));
  try {
    const options = ["--url", url, ...selection, "--output-dir", folder];
    const announced = await output(program.node, [program.suite, "server", ...options]);
    const folders = await readdir(folder);
    const scenarios = await Promise.all(
      folders.map(async (entry) => {
        const checks = JSON.parse(await readFile(join(folder, entry, "checks.json"), "utf8"));
        return { name: FOLDER.exec(entry)!.groups!["name"]!, checks: checks as ScenarioCheck[] };
      }),
    );
    // A scenario that throws leaves no folder.
    const count = Number(/\((\d+) scenarios\)/.exec(announced)?.[1]);
    if (scenarios.length !== count) {
      throw new Error(`the suite ran ${scenarios.length} of ${count} scenarios:\n${announced}`);
    }
    return scenarios.sort((a, b) => (a.name < b.name ? -1 : 1));
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** What it prints. It exits with 1 when a check fails, which is for `judge` to judge. */
async function output(program: string, args: readonly string[]): Promise<string> {
  const ended = promisify(execFile)(program, args, { timeout: TIMEOUT_MS, maxBuffer: 64 * 1024 * 1024 });
  return ended.then(
    ({ stdout }) => stdout,
    (error: { code?: unknown; stdout?: string; stderr?: string }) => {
      if (error.code === 1 && error.stdout) return error.stdout;
      throw new Error(`the conformance suite did not run:\n${error.stdout}\n${error.stderr}`);
    },
  );
}
