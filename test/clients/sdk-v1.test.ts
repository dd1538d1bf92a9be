import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ROOT, startTenon, TENON, type Serving } from "../fixtures/tenon.ts";

let server: Serving;
beforeAll(async () => {
  server = await startTenon("tenon.json");
});
afterAll(() => server.stop());

const transports: Record<string, () => Transport> = {
  HTTP: () => new StreamableHTTPClientTransport(new URL(server.url)),
  stdio: () =>
    new StdioClientTransport({
      command: process.execPath,
      args: [TENON, "serve", "tenon.json", "--stdio"],
      cwd: ROOT,
      stderr: "pipe",
    }),
};

for (const [name, connect] of Object.entries(transports)) {
  test(`SDK v1 lists and calls the tool over ${name}`, async () => {
    const client = new Client({ name: "suite", version: "1.0.0" });
    await client.connect(connect());
    try {
      expect(client.getServerVersion()).toMatchObject({ name: "tenon-demo", version: "1.0.0" });
      const { tools } = await client.listTools();
      expect(tools.map((tool) => tool.name)).toContain("add");
      const result = await client.callTool({ name: "add", arguments: { a: 2, b: 3 } });
      expect(result.structuredContent).toEqual({ sum: 5 });
      const refused = await client.callTool({ name: "add", arguments: { a: "two", b: 3 } });
      expect(refused.isError).toBe(true);
      expect(JSON.stringify(refused.content)).toContain("a");
      await expect(client.callTool({ name: "no-such-tool", arguments: {} })).rejects.toMatchObject({
        code: -32602,
      });
      await client.ping();
    } finally {
      await client.close();
    }
  });
}
