import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { findModernNode, findTool } from "../fixtures/programs.ts";
import { ROOT, startTenon, TENON, type Serving } from "../fixtures/tenon.ts";

const node = findModernNode();
const mcporter = findTool("mcporter", "dist", "cli.js");
const missing = node.missing ?? mcporter.missing;

describe.skipIf(missing)(`mcporter${missing ? ` (${missing})` : ""}`, () => {
  let server: Serving;
  // It looks for settings of editors in the home folder; it gets one of its own.
  const home = mkdtempSync(join(tmpdir(), "tenon-mcporter-"));
  beforeAll(async () => {
    server = await startTenon("tenon.json");
  });
  afterAll(async () => {
    await server?.stop();
    rmSync(home, { recursive: true, force: true });
  });

  async function run(...args: string[]): Promise<unknown> {
    const { stdout } = await promisify(execFile)(node.path!, [mcporter.path!, ...args], {
      cwd: home,
      env: { ...process.env, HOME: home },
      timeout: 25_000,
    });
    return JSON.parse(stdout) as unknown;
  }

  test("lists and calls the tool over HTTP", async () => {
    const { status, tools } = (await run("list", server.url, "--json", "--allow-http")) as {
      status: string;
      tools: { name: string }[];
    };
    expect(status).toBe("ok");
    expect(tools.map((tool) => tool.name)).toContain("add");
    const call = ["call", `${server.url}.add`, "a=2", "b=3", "--output", "json", "--allow-http"];
    expect(await run(...call)).toEqual({ sum: 5 });
  });

  test("calls the tool over stdio", async () => {
    const words = [process.execPath, TENON, "serve", join(ROOT, "tenon.json"), "--stdio"];
    const command = words.map((word) => `"${word}"`).join(" ");
    expect(await run("call", "--stdio", command, "add", "a=2", "b=3", "--output", "json")).toEqual({
      sum: 5,
    });
  });
});
