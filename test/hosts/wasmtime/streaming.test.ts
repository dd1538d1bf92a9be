import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { findProgram } from "../../fixtures/programs.ts";
import { startRuntime, type RuntimeProcess } from "../../fixtures/runtime-process.ts";
import { bundleFile, type BundleFile } from "../bundle-file.ts";
import { API_KEY, streamingCore } from "../suite-core.ts";
import {
  expectHeard,
  expectRefusal,
  leaveMeanwhile,
  messagesOf,
  notify as call,
  type Client,
} from "../streamed-calls.ts";

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
    (era) => expectHeard(client, { era, logLevel: "info" }, ["info", "error"]),
  );

  test("a notification arrives while its tool still runs, and the next request is served as ever", async () => {
    await leaveMeanwhile(client);
    await server.until(/notifications of tools\/call \\"persist\\" were dropped: the client does not read/);
    expect((await call(client, "work", {})).status).toBe(200);
  });

  test("a client that wants no stream gets none", async () => {
    const response = await call(client, "work", { accept: "application/json", progressToken: 1 });
    expect(response.headers.get("content-type")).toBe("application/json");
    expect(await response.json()).toMatchObject({ id: 1, result: { content: [{ text: "n" }] } });
  });

  test("a refusal before the first notification keeps its status and fields", () => expectRefusal(client));

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
