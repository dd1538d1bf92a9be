import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { findProgram } from "../../fixtures/programs.ts";
import { startRuntime, type RuntimeProcess } from "../../fixtures/runtime-process.ts";
import { bundleFile, type BundleFile } from "../bundle-file.ts";
import { API_KEY, streamingCore } from "../suite-core.ts";
import { messagesOf, notify as call, type Client } from "../streamed-calls.ts";

const { path: wasmtime, missing } = findProgram("wasmtime");

const title =
  missing === undefined ? "wasmtime serve streams" : `wasmtime serve streams: NOT RUN, ${missing}`;

describe.skipIf(missing !== undefined)(title, () => {
  let file: BundleFile;
  let server: RuntimeProcess;
  let client: Client;

  beforeAll(async () => {
    file = await bundleFile((await streamingCore()).bytes, "wasmtime", {
      http: { allowedOrigins: ["https://app.example"] },
    });
    server = await startRuntime(wasmtime!, ["serve", "--addr", "127.0.0.1:0", file.path]);
    client = { url: `${server.origin}/mcp`, headers: { authorization: `Bearer ${API_KEY}` } };
  }, 300_000);
  afterAll(async () => {
    await server?.stop();
    await file?.remove();
  });

  test.each(["legacy", "modern"] as const)(
    "progress and messages come ahead of the answer for a %s client",
    async (era) => {
      const response = await call(client, "work", { era, progressToken: "p", logLevel: "info" });
      expect(response.status).toBe(200);
      expect(response.headers.get("content-type")).toBe("text/event-stream");
      const messages = messagesOf(await response.text());
      expect(messages.map(({ method, params }) => [method, params?.progress ?? params?.level])).toEqual([
        ["notifications/progress", 1],
        ["notifications/progress", 2],
        ["notifications/progress", 3],
        ["notifications/message", "info"],
        ["notifications/message", "error"],
        [undefined, undefined],
      ]);
      expect(messages.at(-1)).toMatchObject({ id: 1, result: { content: [{ text: "n" }] } });
    },
  );

  test("a notification arrives while its tool still runs", async () => {
    const leaving = new AbortController();
    const response = await call(client, "persist", { signal: leaving.signal });
    const reader = response.body!.getReader();
    const { value } = await reader.read();
    expect(Buffer.from(value ?? "").toString()).toMatch(/^data: .*persisting/);
    leaving.abort();
    // The tool hears of it by a write that fails, and the next request is served as ever.
    await server.until(/notifications of tools\/call \\"persist\\" were dropped: the client does not read/);
    expect((await call(client, "work", {})).status).toBe(200);
  });

  test("a client that wants no stream gets none", async () => {
    const response = await call(client, "work", { accept: "application/json", progressToken: 1 });
    expect(response.headers.get("content-type")).toBe("application/json");
    expect(await response.json()).toMatchObject({ id: 1, result: { content: [{ text: "n" }] } });
  });

  test("a refusal before the first notification keeps its status and fields", async () => {
    const response = await call({ ...client, headers: {} }, "work", { progressToken: 1 });
    expect(response.status).toBe(401);
    expect(response.headers.get("www-authenticate")).toMatch(/^Bearer/);
    expect(response.headers.get("content-type")).toBe("application/json");
  });

  test("what is over a limit is dropped, counted and logged", async () => {
    const response = await call(client, "flood", {});
    const messages = messagesOf(await response.text());
    expect(messages.length).toBeGreaterThan(10);
    expect(messages.at(-1)).toMatchObject({ id: 1, result: {} });
    await server.until(
      /\d+ notifications of tools\/call \\"flood\\" were dropped: malformed, or over a limit/,
    );
  });

  test("a page of an allowed origin may read the stream", async () => {
    const headers = { ...client.headers, origin: "https://app.example" };
    const response = await call({ ...client, headers }, "work", {});
    expect(response.headers.get("access-control-allow-origin")).toBe("https://app.example");
    expect(messagesOf(await response.text()).length).toBe(3);
  });
});
