import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { KvEntry } from "tenon";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { buildComponent } from "../../../src/build/index.ts";
import { compose } from "../../../src/compose/index.ts";
import { connectStdio } from "../../fixtures/mcp-connection.ts";
import { findProgram } from "../../fixtures/programs.ts";
import { startRuntime, type RuntimeProcess } from "../../fixtures/runtime-process.ts";
import { bundleFile, type BundleFile } from "../bundle-file.ts";
import { request, type Answer } from "../requests.ts";

const { path: wasmtime, missing } = findProgram("wasmtime");
const title = missing === undefined ? "keys of an instance" : `keys of an instance: NOT RUN, ${missing}`;

const LIMIT = 40;

/** What the tool tells. */
function toldBy(result: Record<string, unknown> | undefined): object {
  return JSON.parse((result!["content"] as [{ text: string }])[0].text) as object;
}

/** A tool that keeps things, behind 40 calls an hour for each tool. */
async function keepingCore(): Promise<Uint8Array> {
  const entry = fileURLToPath(new URL("../../fixtures/components/services.ts", import.meta.url));
  const limit = new URL("../../../dist/components/rate-limit.wasm", import.meta.url);
  const { bytes } = await compose({
    name: "keeping",
    version: "1.0.0",
    access: "public",
    providers: [{ as: "services", bytes: (await buildComponent({ entry })).bytes }],
    middleware: [
      {
        as: "rate-limit",
        bytes: new Uint8Array(await readFile(limit)),
        settings: { limit: LIMIT, windowMs: 3_600_000, by: ["tool"], approximate: true },
      },
    ],
    grants: {
      services: { kv: ["notes/"], config: [], secrets: [] },
      "rate-limit": { kv: ["limits/"] },
    },
  });
  return bytes;
}

function call(url: string, method: string, ...args: unknown[]): Promise<Answer> {
  return request(url, "tools/call", { name: "call", arguments: { service: "kv", method, args } });
}

describe.skipIf(missing !== undefined)(title, () => {
  let core: Uint8Array;
  let file: BundleFile;
  let machineCode: string;
  const servers: RuntimeProcess[] = [];

  beforeAll(async () => {
    core = await keepingCore();
    file = await bundleFile(core, "wasmtime", { kv: "instance" });
    machineCode = file.beside("server.cwasm");
    await promisify(execFile)(wasmtime!, ["compile", file.path, "-o", machineCode]);
  }, 300_000);
  afterAll(async () => {
    await Promise.all(servers.map((server) => server.stop()));
    await file?.remove();
  });

  async function serve(...options: string[]): Promise<string> {
    const args = ["serve", "-S", "cli", "--allow-precompiled", "--addr", "127.0.0.1:0"];
    const server = await startRuntime(wasmtime!, [...args, ...options, machineCode]);
    servers.push(server);
    return `${server.origin}/mcp`;
  }

  // More than one instance may take turns, also with requests that come one after another.
  test("an instance that is used again has them, and refuses what is over its limit", async () => {
    const url = await serve("--max-instance-reuse-count", "1000");
    const statuses: number[] = [];
    const counts: unknown[] = [];
    while (!statuses.includes(429) && statuses.length < 10 * LIMIT) {
      const { status, body } = await call(url, "increment", "notes/n");
      statuses.push(status);
      if (status === 200) counts.push((toldBy(body.result) as { gives: unknown }).gives);
      else expect(body.error).toMatchObject({ code: -31429 });
    }
    expect(statuses.at(-1)).toBe(429);
    expect(statuses.length).toBeGreaterThan(LIMIT);
    expect(counts).toContain(LIMIT);
    expect(counts).not.toContain(LIMIT + 1);
  }, 60_000);

  test("an instance of one request begins with none", async () => {
    const url = await serve();
    for (let i = 0; i <= LIMIT; i++) {
      const { status, body } = await call(url, "increment", "notes/n");
      expect(status).toBe(200);
      expect(toldBy(body.result)).toEqual({ gives: 1 });
    }
  }, 60_000);

  test("a session on stdio has them until it ends", async () => {
    const stdio = await bundleFile(core, "stdio", { kv: "instance" });
    const path = stdio.beside("server.cwasm");
    await promisify(execFile)(wasmtime!, ["compile", stdio.path, "-o", path]);
    const command = [wasmtime!, "run", "--allow-precompiled", path];
    try {
      for (let session = 0; session < 2; session++) {
        const connection = await connectStdio(command, "2026-07-28", { env: {}, onError: () => {} });
        const told = async (method: string, ...args: unknown[]): Promise<object> => {
          const parameters = { name: "call", arguments: { service: "kv", method, args } };
          return toldBy((await connection.request("tools/call", parameters)).answer.result);
        };
        expect(await told("get", "notes/é")).toEqual({});
        expect(await told("features")).toEqual({
          gives: { swap: true, persistent: false, consistency: "strong" },
        });
        await told("set", "notes/é", "kept");
        const { gives } = (await told("getEntry", "notes/é")) as { gives: KvEntry };
        expect(gives.value).toBe("kept");
        expect(await told("swap", "notes/é", gives.version, "swapped")).toEqual({ gives: true });
        expect(await told("swap", "notes/é", gives.version, "lost")).toEqual({ gives: false });
        expect(await told("get", "notes/é")).toEqual({ gives: "swapped" });
        expect(await told("increment", "notes/n", 2)).toEqual({ gives: 2 });
        expect(await told("increment", "notes/n", -3)).toEqual({ gives: -1 });
        expect(await told("list", "notes/")).toMatchObject({ gives: { keys: ["notes/n", "notes/é"] } });
        await told("delete", "notes/n");
        expect(await told("get", "notes/n")).toEqual({});
        expect(await told("get", `notes/${"k".repeat(512)}`)).toMatchObject({ code: "too-large" });
        expect(await told("increment", "notes/é", 1)).toMatchObject({ code: "invalid" });
        expect(await told("get", "limits/a")).toMatchObject({ code: "denied" });
        await told("set", "notes/é", "short", { ttlSeconds: 1 });
        await expect.poll(() => told("get", "notes/é"), { timeout: 5000, interval: 250 }).toEqual({});
        await connection.close();
      }
    } finally {
      await stdio.remove();
    }
  }, 120_000);

  test("nothing is kept there unless that was chosen", async () => {
    await expect(bundleFile(core, "wasmtime")).rejects.toMatchObject({
      code: "ERR_HOST_CORE",
      hint: expect.stringContaining("--kv instance") as string,
    });
  });
});
