import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { findModernNode, findTool } from "../fixtures/programs.ts";
import { startTenon, type Serving } from "../fixtures/tenon.ts";

const node = findModernNode();
const inspector = findTool("@modelcontextprotocol", "inspector", "clients", "launcher", "build", "index.js");
const missing = node.missing ?? inspector.missing;

describe.skipIf(missing)(`MCP Inspector CLI over HTTP${missing ? ` (${missing})` : ""}`, () => {
  let server: Serving;
  // The Inspector keeps a catalogue in the home folder; it gets one of its own.
  const home = mkdtempSync(join(tmpdir(), "tenon-inspector-"));
  beforeAll(async () => {
    server = await startTenon("tenon.json");
  });
  afterAll(async () => {
    await server?.stop();
    rmSync(home, { recursive: true, force: true });
  });

  async function inspect(era: string, ...args: string[]): Promise<Record<string, unknown>> {
    const command = [
      inspector.path!,
      "--cli",
      server.url,
      "--transport",
      "http",
      "--protocol-era",
      era,
      ...args,
    ];
    const { stdout } = await promisify(execFile)(node.path!, command, {
      env: { ...process.env, HOME: home },
      timeout: 25_000,
    });
    return JSON.parse(stdout) as Record<string, unknown>;
  }

  for (const era of ["legacy", "auto", "modern"]) {
    test(`lists and calls the tool in era ${era}`, async () => {
      const { tools } = await inspect(era, "--method", "tools/list");
      expect((tools as { name: string }[]).map((tool) => tool.name)).toContain("add");
      const args = ["--tool-name", "add", "--tool-arg", "a=2", "--tool-arg", "b=3"];
      const result = await inspect(era, "--method", "tools/call", ...args);
      expect(result.structuredContent).toEqual({ sum: 5 });
    });
  }
});
