import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startTenon, type Serving } from "../fixtures/tenon.ts";

let server: Serving;
beforeAll(async () => {
  server = await startTenon("test/conformance/tenon.json");
});
afterAll(() => server?.stop());

test("SDK v2 takes the tool for valid, and repeats its arguments in header fields", async () => {
  const versionNegotiation = { mode: { pin: "2026-07-28" } } as const;
  const client = new Client({ name: "suite", version: "1.0.0" }, { versionNegotiation });
  await client.connect(new StreamableHTTPClientTransport(new URL(server.url)));
  try {
    const { tools } = await client.listTools();
    expect(tools.map(({ name }) => name)).toContain("test_custom_header");
    const args = { region: "Zürich", urgent: false, level: { floor: -1 } };
    const { content } = await client.callTool({ name: "test_custom_header", arguments: args });
    expect(content).toEqual([{ type: "text", text: "The region is Zürich." }]);
  } finally {
    await client.close();
  }
});
