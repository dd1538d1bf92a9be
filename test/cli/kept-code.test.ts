import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { compose } from "tenon/compose";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { startTenon, type Serving } from "../fixtures/tenon.ts";

let folder: string;
let running: Serving | undefined;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "tenon-kept-code-"));
  const providers = [{ as: "time", bytes: readFileSync("dist/components/time.wasm") }];
  const server = { name: "acme", version: "1.0.0", access: "public" } as const;
  const { bytes } = await compose({ ...server, providers, middleware: [] });
  writeFileSync(join(folder, "core.wasm"), bytes);
});

afterEach(async () => {
  await running?.stop("SIGKILL");
  rmSync(folder, { recursive: true, force: true });
});

/** Serves the core, and gives the status of a first request. */
async function serve(): Promise<number> {
  running = await startTenon(join(folder, "core.wasm"), { env: { TENON_CACHE_DIR: join(folder, "cache") } });
  const { status } = await fetch(running.url, {
    method: "POST",
    headers: { "content-type": "application/json", accept: "application/json, text/event-stream" },
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/list" }),
  });
  return status;
}

/** The file that has the code of the program, once there is one that `is` the wanted one. */
function keptCode(is: (path: string) => boolean = () => true): Promise<string> {
  return vi.waitFor(
    () => {
      const cache = join(folder, "cache");
      const entries = readdirSync(cache, { recursive: true, encoding: "utf8" });
      const path = entries.filter((entry) => entry.endsWith("program.code") && !entry.startsWith("draft-"));
      expect(path).toHaveLength(1);
      expect(is(join(cache, path[0]!))).toBe(true);
      return join(cache, path[0]!);
    },
    { timeout: 60_000 },
  );
}

test("a server keeps the code of the program, and code that was changed is made again", async () => {
  expect(await serve()).toBe(200);
  const path = await keptCode();
  const code = readFileSync(path);
  await running!.stop();

  const spoiled = Buffer.from(code);
  spoiled[spoiled.length >> 1]! ^= 1;
  writeFileSync(path, spoiled);
  expect(await serve()).toBe(200);
  await keptCode((file) => !readFileSync(file).equals(spoiled));
});
