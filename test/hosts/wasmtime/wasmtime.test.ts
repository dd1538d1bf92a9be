import { createHash } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { coreOf } from "../../../src/compose/index.ts";
import { findProgram } from "../../fixtures/programs.ts";
import { startRuntime, type RuntimeProcess } from "../../fixtures/runtime-process.ts";
import { bundleFile, type BundleFile } from "../bundle-file.ts";
import { endlessCore, suiteCore } from "../suite-core.ts";
import { hostSuite, request } from "../suite.ts";

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

describe("bundle() for wasmtime", () => {
  test("bundle() keeps the bytes of the core", async () => {
    const core = await suiteCore();
    const file = await bundleFile(core.bytes, "wasmtime");
    await file.remove();
    const inside = createHash("sha256").update(coreOf(file.bytes)!).digest("hex");
    expect(`sha256:${inside}`).toBe(core.digest);
  });
});
