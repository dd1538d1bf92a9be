import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { findModernNode, findTool } from "../fixtures/programs.ts";
import { startTenon, type Serving } from "../fixtures/tenon.ts";

const node = findModernNode();
const remote = findTool("mcp-remote", "dist", "proxy.js");
const missing = node.missing ?? remote.missing;

describe.skipIf(missing)(`mcp-remote, stdio to HTTP${missing ? ` (${missing})` : ""}`, () => {
  let server: Serving;
  // It keeps tokens and locks in the home folder; it gets one of its own.
  const home = mkdtempSync(join(tmpdir(), "tenon-mcp-remote-"));
  beforeAll(async () => {
    server = await startTenon("tenon.json");
  });
  afterAll(async () => {
    await server?.stop();
    rmSync(home, { recursive: true, force: true });
  });

  test("a client of standard streams lists and calls the tool through it", async () => {
    const client = new Client({ name: "suite", version: "1.0.0" });
    await client.connect(
      new StdioClientTransport({
        command: node.path!,
        args: [remote.path!, server.url, "--allow-http"],
        env: { PATH: process.env["PATH"] ?? "", HOME: home },
        cwd: home,
        stderr: "ignore",
      }),
    );
    try {
      expect(client.getServerVersion()).toMatchObject({ name: "tenon-demo" });
      const { tools } = await client.listTools();
      expect(tools.map((tool) => tool.name)).toContain("add");
      const result = await client.callTool({ name: "add", arguments: { a: 2, b: 3 } });
      expect(result.structuredContent).toEqual({ sum: 5 });
      await expect(client.callTool({ name: "absent", arguments: {} })).rejects.toMatchObject({
        code: -32602,
      });
    } finally {
      await client.close();
    }
  });
});
