import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createHash } from "node:crypto";
import { compose } from "tenon/compose";
import { createPool, loadCore, type Pool } from "tenon/hosts/node";
import { afterAll, beforeAll, expect, test } from "vitest";
import { buildComponent } from "../../../src/build/index.ts";

const cacheDir = mkdtempSync(join(tmpdir(), "tenon-cache-"));
const lines: string[] = [];
let calculator: Uint8Array;
let pool: Pool;
let impostors: Pool;

async function build(name: string): Promise<Uint8Array> {
  return (await buildComponent({ entry: `test/fixtures/components/${name}.ts` })).bytes;
}

async function start(
  access: "authenticated" | "public",
  middleware: { as: string; bytes: Uint8Array; settings?: { reads: boolean } }[],
): Promise<Pool> {
  const providers = [{ as: "sums", bytes: calculator }];
  const { bytes } = await compose({ name: "acme", version: "1.0.0", access, providers, middleware });
  return createPool(await loadCore(bytes, { cacheDir }), {
    log: (text) => void lines.push(Buffer.from(text).toString()),
  });
}

beforeAll(async () => {
  calculator = (await buildComponent({ entry: "components/calculator/tool.ts" })).bytes;
  const impostor = await build("impostor");
  pool = await start("authenticated", [
    { as: "trail-writer", bytes: await build("trail-writer") },
    { as: "token-reader", bytes: await build("token-reader") },
  ]);
  impostors = await start("public", [
    { as: "impostor", bytes: impostor },
    { as: "reader", bytes: impostor, settings: { reads: true } },
  ]);
});

afterAll(async () => {
  await Promise.all([pool.close(), impostors.close()]);
  rmSync(cacheDir, { recursive: true });
});

function call(to: Pool, authorization?: string): Promise<object> {
  const now = Date.now();
  const context = {
    requestId: "r",
    transport: "http",
    protocolVersion: "2026-07-28",
    receivedAt: now,
    deadline: now + 10_000,
  };
  return to.handle(
    JSON.stringify(context),
    { id: "1", method: "tools/call", target: "add", params: '{"name":"add","arguments":{"a":1,"b":2}}' },
    { deadline: now + 10_000, authorization },
  );
}

function trailOf(result: object): { before: unknown[]; after: object[] } {
  const { outcome } = result as { outcome: { val: string } };
  return (JSON.parse(outcome.val) as { trail: { before: unknown[]; after: object[] } }).trail;
}

test("each call has its own credential, and facts go from the middleware that learns them to the one in front", async () => {
  const digest = `sha256:${createHash("sha256").update(calculator).digest("hex")}`;
  for (const [given, seen] of [
    ["Bearer a", "Bearer a"],
    [undefined, "nobody"],
    ["Bearer b", "Bearer b"],
  ] as const) {
    expect(trailOf(await call(pool, given))).toEqual({
      before: [],
      after: [{ principal: seen }, { provider: "sums", digest }],
    });
  }
});

test("middleware that does not authenticate neither reads a credential nor sets a principal", async () => {
  const result = await call(impostors, "Bearer a");
  expect(result).toMatchObject({ outcome: { tag: "failure", val: { message: "Internal error" } } });
  expect(lines.join("")).toContain("only middleware that declares authenticates: {} sets the principal");
});
