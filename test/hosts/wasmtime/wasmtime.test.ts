import { request as httpRequest } from "node:http";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { findProgram } from "../../fixtures/programs.ts";
import { startRuntime, type RuntimeProcess } from "../../fixtures/runtime-process.ts";
import { bundleFile, type BundleFile } from "../bundle-file.ts";
import { askingCore, suiteCore } from "../suite-core.ts";
import { type Answer, modernRequest } from "../requests.ts";

const { path: wasmtime, missing } = findProgram("wasmtime");

function serve(file: BundleFile, ...options: string[]): Promise<RuntimeProcess> {
  return startRuntime(wasmtime!, ["serve", "--addr", "127.0.0.1:0", ...options, file.path]);
}

/** The script of a bundle, as it was written. */
function runScript(file: BundleFile, settings: Record<string, string>): Promise<RuntimeProcess> {
  const env = { TENON_ADDR: "127.0.0.1:0", WASMTIME: wasmtime!, ...settings };
  return startRuntime("/bin/sh", [file.beside("run.sh")], env);
}

describe.skipIf(missing !== undefined)("run.sh of a bundle with HTTP settings", () => {
  let file: BundleFile;
  let server: RuntimeProcess;

  beforeAll(async () => {
    const http = { path: "/tools", allowedHosts: ["mcp.example"], allowedOrigins: ["https://app.example"] };
    file = await bundleFile((await suiteCore()).bytes, "wasmtime", { http });
    server = await runScript(file, { TENON_COMPILED: file.beside("server.cwasm") });
  });
  afterAll(async () => {
    await server?.stop();
    await file?.remove();
  });

  test.each([
    [{ host: "mcp.example" }, 200],
    [{ host: "mcp.example", origin: "https://app.example" }, 200],
    [{ host: "mcp.example", origin: "http://localhost:3000" }, 403],
    [{ host: "localhost" }, 403],
    [{ host: "other.example" }, 403],
  ])("a request with %j is answered with %i", async (headers, status) => {
    expect(await postTools(`${server.origin}/tools`, headers)).toBe(status);
  });

  test("starts again from the machine code that it kept", async () => {
    const again = await runScript(file, { TENON_COMPILED: file.beside("server.cwasm") });
    expect(await postTools(`${again.origin}/tools`, { host: "mcp.example" })).toBe(200);
    await again.stop();
  });
});

/** `fetch` sets the Host field itself. */
function postTools(url: string, headers: Record<string, string>): Promise<number> {
  return new Promise((resolve, reject) => {
    const options = { method: "POST", headers: { ...headers, "content-type": "application/json" } };
    const sent = httpRequest(url, options, (response) => {
      response.resume().once("end", () => resolve(response.statusCode!));
    });
    sent.once("error", reject).end('{"jsonrpc":"2.0","id":1,"method":"tools/list"}');
  });
}

/** Sends a call by a client that can do what is asked of it. */
function call(server: RuntimeProcess, members: object = {}): Promise<Answer> {
  const params = { name: "together", arguments: {}, ...members };
  const capabilities = { elicitation: {}, sampling: {}, roots: {} };
  return modernRequest(`${server.origin}/mcp`, "tools/call", params, {}, capabilities);
}

describe.skipIf(missing !== undefined)("wasmtime serve with a tool that asks its client", () => {
  const KEY = "5".repeat(64);
  let file: BundleFile;
  beforeAll(async () => {
    file = await bundleFile((await askingCore()).bytes, "wasmtime", { stateKey: "environment" });
  });
  afterAll(() => file?.remove());

  async function withServer(env: string[], use: (server: RuntimeProcess) => Promise<void>): Promise<void> {
    const server = await serve(file, "-S", "cli", ...env.flatMap((each) => ["--env", each]));
    try {
      await use(server);
    } finally {
      await server.stop();
    }
  }

  test("the state comes back to a new instance, of another process too, and no other is taken", async () => {
    let requestState: string | undefined;
    let asked: Record<string, { method: string }> = {};
    await withServer(["A=b", `TENON_STATE_KEY=${KEY}`, "C=d"], async (server) => {
      const { body } = await call(server);
      expect(body.result).toMatchObject({ resultType: "input_required" });
      requestState = body.result!["requestState"] as string;
      asked = body.result!["inputRequests"] as typeof asked;
      expect(Object.values(asked).map(({ method }) => method)).toEqual([
        "elicitation/create",
        "sampling/createMessage",
        "roots/list",
      ]);
      const changed = await call(server, { requestState: `${requestState}A` });
      expect(changed).toMatchObject({ status: 200, body: { error: { code: -32602 } } });
    });
    const answers: Record<string, object> = {
      "elicitation/create": { action: "accept", content: { name: "Ada", seats: 1 } },
      "sampling/createMessage": { role: "assistant", model: "m", content: { type: "text", text: "Hi" } },
      "roots/list": { roots: [] },
    };
    const responses = Object.fromEntries(
      Object.entries(asked).map(([key, { method }]) => [key, answers[method]!]),
    );
    await withServer([`TENON_STATE_KEY=${"6".repeat(64)},${KEY}`], async (server) => {
      const { body } = await call(server, { inputResponses: responses, requestState });
      expect(body.result).toMatchObject({ resultType: "complete" });
      expect(JSON.stringify(body.result!["content"])).toContain("Ada");
    });
    // Two processes, each of which compiles the bundle first.
  }, 120_000);

  test("without a key nobody is asked, and the log says why", async () => {
    await withServer(["TENON_STATE_KE=x", "TENON_STATE_KEYS=x"], async (server) => {
      expect(await call(server)).toMatchObject({ status: 500, body: { error: { code: -32603 } } });
      await server.until(/no key to seal the state with/);
    });
  });

  test("a key that is none stops everything", async () => {
    await withServer(["TENON_STATE_KEY=secret"], async (server) => {
      expect((await call(server)).status).toBe(500);
      await server.until(/TENON_STATE_KEY cannot be used: it is not 32 bytes/);
    });
  });
});
