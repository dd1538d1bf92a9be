import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { findModernNode, findTool } from "../fixtures/programs.ts";
import { ROOT, startTenon, TENON, type Serving } from "../fixtures/tenon.ts";

const node = findModernNode();
const inspector = findTool("@modelcontextprotocol", "inspector", "clients", "launcher", "build", "index.js");
const missing = node.missing ?? inspector.missing;

describe.skipIf(missing)(`MCP Inspector CLI${missing ? ` (${missing})` : ""}`, () => {
  let server: Serving;
  // The Inspector keeps a catalogue in the home folder; it gets one of its own.
  const home = mkdtempSync(join(tmpdir(), "tenon-inspector-"));
  const local = join(home, "serve.mjs");
  beforeAll(async () => {
    server = await startTenon("tenon.json");
    // It would take "--stdio" for an option of its own.
    const args = JSON.stringify(["serve", join(ROOT, "tenon.json"), "--stdio"]);
    writeFileSync(local, `process.argv.push(...${args});\nawait import("${pathToFileURL(TENON).href}");\n`);
  });
  afterAll(async () => {
    await server?.stop();
    rmSync(home, { recursive: true, force: true });
  });

  const targets: Record<string, () => string[]> = {
    http: () => [server.url],
    stdio: () => [process.execPath, local],
  };

  async function inspect(
    transport: string,
    era: string,
    ...args: string[]
  ): Promise<Record<string, unknown>> {
    const target = [...targets[transport]!(), "--transport", transport, "--protocol-era", era];
    const { stdout } = await promisify(execFile)(node.path!, [inspector.path!, "--cli", ...target, ...args], {
      env: { ...process.env, HOME: home },
      timeout: 25_000,
    });
    return JSON.parse(stdout) as Record<string, unknown>;
  }

  describe.each(Object.keys(targets))("over %s", (transport) => {
    test.each(["legacy", "auto", "modern"])("lists and calls the tool in era %s", async (era) => {
      const { tools } = await inspect(transport, era, "--method", "tools/list");
      expect((tools as { name: string }[]).map((tool) => tool.name)).toContain("add");
      const args = ["--tool-name", "add", "--tool-arg", "a=2", "--tool-arg", "b=3"];
      const result = await inspect(transport, era, "--method", "tools/call", ...args);
      expect(result.structuredContent).toEqual({ sum: 5 });
    });
  });
});
