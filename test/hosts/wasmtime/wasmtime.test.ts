import { request as httpRequest } from "node:http";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { findProgram } from "../../fixtures/programs.ts";
import { startRuntime, type RuntimeProcess } from "../../fixtures/runtime-process.ts";
import { bundleFile, type BundleFile } from "../bundle-file.ts";
import { endlessCore, suiteCore } from "../suite-core.ts";
import { request } from "../requests.ts";
import { hostSuite } from "../suite.ts";

const { path: wasmtime, missing } = findProgram("wasmtime");

function serve(file: BundleFile, ...options: string[]): Promise<RuntimeProcess> {
  return startRuntime(wasmtime!, ["serve", "--addr", "127.0.0.1:0", ...options, file.path]);
}

for (const [name, options] of [
  ["wasmtime serve", []],
  ["wasmtime serve with instances used again", ["--max-instance-reuse-count", "100"]],
] as const) {
  hostSuite({
    name,
    missing,
    async start() {
      const file = await bundleFile((await suiteCore()).bytes, "wasmtime");
      const server = await serve(file, ...options);
      return {
        url: `${server.origin}/mcp`,
        until: server.until,
        stop: async () => {
          await server.stop();
          await file.remove();
        },
      };
    },
  });
}

describe.skipIf(missing !== undefined)("wasmtime serve with a tool that never returns", () => {
  let file: BundleFile;
  let server: RuntimeProcess;

  beforeAll(async () => {
    file = await bundleFile((await endlessCore()).bytes, "wasmtime");
    server = await serve(file, "-W", "timeout=500ms", "--max-instance-reuse-count", "100");
  });
  afterAll(async () => {
    await server?.stop();
    await file?.remove();
  });

  test("-W timeout ends the call, and the next call works", async () => {
    const endless = await request(server.origin + "/mcp", "tools/call", { name: "endless", arguments: {} });
    expect(endless.status).toBe(500);
    const next = await request(server.origin + "/mcp", "tools/call", {
      name: "add",
      arguments: { a: 1, b: 1 },
    });
    expect(next.body.result).toMatchObject({ structuredContent: { sum: 2 } });
  });
});

describe.skipIf(missing !== undefined)("wasmtime serve with HTTP settings of the bundle", () => {
  let file: BundleFile;
  let server: RuntimeProcess;

  beforeAll(async () => {
    const http = { path: "/tools", allowedHosts: ["mcp.example"], allowedOrigins: ["https://app.example"] };
    file = await bundleFile((await suiteCore()).bytes, "wasmtime", http);
    server = await serve(file);
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
