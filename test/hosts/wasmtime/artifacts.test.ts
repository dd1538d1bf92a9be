import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import { compose } from "../../../src/compose/index.ts";
import { everyService, GRANTS } from "../../fixtures/every-service.ts";
import { findProgram } from "../../fixtures/programs.ts";
import { startRuntime } from "../../fixtures/runtime-process.ts";
import { bundleFile } from "../bundle-file.ts";
import { modernRequest } from "../requests.ts";

const { path: wasmtime, missing } = findProgram("wasmtime");
const title =
  missing === undefined ? "bundles for other hosts" : `bundles for other hosts: NOT RUN, ${missing}`;

describe.skipIf(missing !== undefined)(title, () => {
  test("wasmtime accepts a bundle for Fastly that was granted every service", async () => {
    const all = { ...GRANTS.http, ...GRANTS.kv, ...GRANTS.config, ...GRANTS.secrets };
    const { bytes } = await compose({ ...(await everyService()), grants: { all } });
    const file = await bundleFile(bytes, "fastly");
    try {
      const output = file.beside("server.cwasm");
      const compiled = promisify(execFile)(wasmtime!, [
        "compile",
        "-O",
        "opt-level=0",
        file.path,
        "-o",
        output,
      ]);
      await expect(compiled).resolves.toBeDefined();
    } finally {
      await file.remove();
    }
  }, 180_000);

  test("a bundle for Spin that was granted http runs on wasmtime as well", async () => {
    const { bytes } = await compose({ ...(await everyService()), grants: { all: GRANTS.http } });
    const file = await bundleFile(bytes, "spin");
    const options = ["serve", "--addr", "127.0.0.1:0", "-O", "opt-level=0", file.path];
    const server = await startRuntime(wasmtime!, options);
    try {
      const { status, body } = await modernRequest(`${server.origin}/mcp`, "tools/list", {});
      expect({ status, body }).toMatchObject({ status: 200, body: { result: { tools: [{ name: "use" }] } } });
    } finally {
      await server.stop();
      await file.remove();
    }
  }, 180_000);
});
