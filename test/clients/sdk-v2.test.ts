import { Client, StreamableHTTPClientTransport, type Transport } from "@modelcontextprotocol/client";
import { StdioClientTransport } from "@modelcontextprotocol/client/stdio";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
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

const modes = [
  { mode: "legacy", speaks: "2025-11-25" },
  { mode: "auto", speaks: "2026-07-28" },
  { mode: { pin: "2026-07-28" }, speaks: "2026-07-28" },
] as const;

for (const [name, connect] of Object.entries(transports)) {
  describe(`SDK v2 over ${name}`, () => {
    for (const { mode, speaks } of modes) {
      test(`lists and calls the tool in mode ${JSON.stringify(mode)}`, async () => {
        const client = new Client({ name: "suite", version: "1.0.0" }, { versionNegotiation: { mode } });
        await client.connect(connect());
        try {
          expect(client.getNegotiatedProtocolVersion()).toBe(speaks);
          expect(client.getServerVersion()).toMatchObject({ name: "tenon-demo" });
          const { tools } = await client.listTools();
          expect(tools.map((tool) => tool.name)).toContain("add");
          const result = await client.callTool({ name: "add", arguments: { a: 2, b: 3 } });
          expect(result.structuredContent).toEqual({ sum: 5 });
          const call = client.callTool({ name: "no-such-tool", arguments: {} });
          await expect(call).rejects.toMatchObject({ code: -32602 });
        } finally {
          await client.close();
        }
      });
    }
  });
}
