import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { findRegistry } from "../fixtures/programs.ts";
import { startProgram, type Running } from "../fixtures/running-program.ts";
import { ROOT } from "../fixtures/tenon.ts";

// The commands of docs/getting-started.md, as they stand there, with the package as npm would publish it.

const MINUTES = 60_000;
const PAGE_URL = "http://127.0.0.1:3000/mcp";
const ENVIRONMENT = {
  ...process.env,
  TENON_PORT: "0",
  npm_config_audit: "false",
  npm_config_fund: "false",
  npm_config_prefer_offline: "true",
  npm_config_update_notifier: "false",
};
const registry = findRegistry();

let folder: string;
let running: Running | undefined;
beforeAll(() => {
  folder = mkdtempSync(join(realpathSync(tmpdir()), "tenon-started-"));
});
afterEach(async () => {
  await running?.stop("SIGKILL");
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The fenced blocks of one section of the page. */
function blocks(section: string): string[] {
  const page = readFileSync(join(ROOT, "docs", "getting-started.md"), "utf8");
  const text = page.split(/^## /m).find((part) => part.startsWith(`${section}\n`));
  const found = [...(text ?? "").matchAll(/^```(?:sh|text)\n([^]*?)^```$/gm)];
  return found.map(([, body]) => body!.trim());
}

/** Runs commands as they are typed, and gives what they print; the time it took is shown. */
function run(commands: string, cwd: string): string {
  const started = performance.now();
  const { status, stdout, stderr } = spawnSync("bash", ["-ec", commands], {
    cwd,
    env: ENVIRONMENT,
    encoding: "utf8",
    timeout: 10 * MINUTES,
  });
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  process.stdout.write(`${seconds} s: ${commands.replaceAll("\n", " && ")}\n`);
  expect(`${status} ${stdout}${stderr}`).toMatch(/^0 /);
  return stdout.trim();
}

/** Starts a server with a command of the page; where it listens, and the line that says so. */
async function start(command: string, cwd: string): Promise<{ url: string; line: string }> {
  running = startProgram("bash", ["-c", `exec ${command}`], { cwd, env: ENVIRONMENT });
  const [line, url] = await running.until(/tenon: listening on (\S+) .*/);
  return { url: url!, line };
}

function normalise(line: string): string {
  return line.replace(/127\.0\.0\.1:\d+/, "ADDRESS").replace(/sha256:[0-9a-f…]+/, "DIGEST");
}

describe.skipIf(registry.missing)("getting started", () => {
  const [create, dev, listening, call, answer] = blocks("A new project") as [
    string,
    string,
    string,
    string,
    string,
  ];

  test(
    "a new project installs, tests and serves",
    async () => {
      run(`npm pack --silent --ignore-scripts --pack-destination "${folder}"`, ROOT);
      run("npm install ./tenon-*.tgz", folder);
      expect(run(create, folder)).toContain("Created my-tool");
      const project = join(folder, "my-tool");

      const { url, line } = await start(dev, project);
      expect(normalise(line)).toBe(normalise(listening));
      expect(run(call.replace(PAGE_URL, url), project)).toBe(answer);
      await running!.stop();

      const started = await start("npm start", project);
      expect(run(call.replace(PAGE_URL, started.url), project)).toBe(answer);
      await running!.stop();
    },
    20 * MINUTES,
  );

  test(
    "a module is built, composed and served without a project",
    async () => {
      const project = join(folder, "my-tool");
      const [commands] = blocks("Without a project") as [string];
      const lines = commands.split("\n");
      run(lines.slice(0, -1).join("\n"), project);
      const { url } = await start(lines.at(-1)!, project);
      expect(run(call.replace(PAGE_URL, url), project)).toBe(answer);
      await running!.stop();
    },
    10 * MINUTES,
  );
});
