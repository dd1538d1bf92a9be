import {
  Client as ClientV2,
  StreamableHTTPClientTransport as TransportV2,
} from "@modelcontextprotocol/client";
import { Client as ClientV1 } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport as TransportV1 } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { exampleCalls, startDemoServer, type DemoServer } from "../fixtures/demo-server.ts";

let server: DemoServer;
beforeAll(async () => {
  server = await startDemoServer();
});
afterAll(() => server.stop());

async function connectV1(): Promise<ClientV1> {
  const client = new ClientV1({ name: "suite", version: "1.0.0" });
  await client.connect(new TransportV1(new URL(server.url)));
  return client;
}

async function connectV2(mode: "legacy" | "auto"): Promise<ClientV2> {
  const client = new ClientV2({ name: "suite", version: "1.0.0" }, { versionNegotiation: { mode } });
  await client.connect(new TransportV2(new URL(server.url)));
  return client;
}

describe.each([
  ["SDK v1", connectV1],
  ["SDK v2, legacy", () => connectV2("legacy")],
  ["SDK v2, modern", () => connectV2("auto")],
])("the demo server to %s", (_name, connect) => {
  // Both have the same methods for what is used here; their types have nothing in common.
  let client: ClientV2;
  let note: string;
  beforeAll(async () => {
    client = (await connect()) as unknown as ClientV2;
    const added = await client.callTool({
      name: "add_note",
      arguments: { title: "Milk", text: "Two litres", tags: ["shop"] },
    });
    note = (added.structuredContent as { id: string }).id;
  });
  afterAll(() => client.close());

  test("every resource is read, and every template by one URI", async () => {
    const { resources } = await client.listResources();
    expect(resources.map(({ uri }) => uri)).toEqual(["notes://index"]);
    for (const { uri } of resources) {
      const { contents } = await client.readResource({ uri });
      expect(contents).toEqual([
        { uri, mimeType: "text/markdown", text: expect.stringContaining("Milk") as string },
      ]);
    }
    const { resourceTemplates } = await client.listResourceTemplates();
    expect(resourceTemplates.map(({ uriTemplate }) => uriTemplate)).toEqual(["notes://note/{id}"]);
    const { contents } = await client.readResource({ uri: `notes://note/${note}` });
    expect(contents).toMatchObject([{ text: "# Milk\n\n#shop\n\nTwo litres\n" }]);
    const unknown = client.readResource({ uri: "notes://note/0000000000000" });
    await expect(unknown).rejects.toMatchObject({ code: -32602 });
  });

  test("every prompt is got, and its argument is completed", async () => {
    const { prompts } = await client.listPrompts();
    expect(prompts.map(({ name }) => name)).toEqual(["summarize_notes"]);
    const { messages } = await client.getPrompt({ name: "summarize_notes", arguments: { tag: "shop" } });
    expect(messages[0]).toMatchObject({
      content: { type: "resource", resource: { uri: `notes://note/${note}` } },
    });
    const { completion } = await client.complete({
      ref: { type: "ref/prompt", name: "summarize_notes" },
      argument: { name: "tag", value: "s" },
    });
    expect(completion.values).toEqual(["shop"]);
  });

  test("every tool is called", async () => {
    const calls = { ...exampleCalls(server.page, note) };
    const { tools } = await client.listTools();
    expect(new Set(tools.map(({ name }) => name))).toEqual(new Set([...Object.keys(calls), "add_note"]));
    for (const [name, args] of Object.entries(calls)) {
      const result = await client.callTool({ name, arguments: args });
      expect(result.isError ?? false, `${name}: ${JSON.stringify(result.content)}`).toBe(false);
      expect(result.structuredContent, name).toBeDefined();
    }
  });

  test("web-fetch fetches what is granted, and is denied the rest", async () => {
    const granted = await client.callTool({ name: "fetch_page", arguments: { url: server.page } });
    expect(granted.structuredContent).toMatchObject({
      title: "Local",
      content: `# Hello\n\nFrom a [page](${new URL("/next", server.page).href}).`,
    });
    const other = server.page.replace("127.0.0.1", "localhost");
    const denied = await client.callTool({ name: "fetch_page", arguments: { url: other } });
    expect(denied.isError).toBe(true);
    expect(JSON.stringify(denied.content)).toContain("no grant covers GET");
  });
});
