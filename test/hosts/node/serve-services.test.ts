import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { runTenon, startTenon } from "../../fixtures/tenon.ts";
import { servicesCore, type GuestStep } from "./services-core.ts";

const folder = mkdtempSync(join(tmpdir(), "tenon-serve-"));
const core = join(folder, "core.wasm");
/** Processes start slowly on a busy machine. */
const STARTS_MS = 120_000;
const cache = { TENON_CACHE_DIR: join(folder, "cache") };

beforeAll(async () => {
  const grants = { kv: ["a/"], config: ["units", "max-age"], secrets: [{ name: "KEY" }] };
  writeFileSync(core, await servicesCore(grants));
});

afterAll(() => rmSync(folder, { recursive: true }));

async function steps(url: string, ...list: GuestStep[]): Promise<unknown> {
  const params = { name: "echo", arguments: { steps: list } };
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/call", params }),
  });
  const { result } = (await response.json()) as { result?: { steps: unknown } };
  return result?.steps;
}

test(
  "serve lends what the environment holds, and warns of what is not set",
  async () => {
    const env = { ...cache, TENON_CONFIG_UNITS: "metric", TENON_SECRET_KEY: "" };
    const serving = await startTenon(core, { env });
    try {
      expect(serving.output()).toContain(
        'Warning: "fixture" is granted the configuration key "max-age", and TENON_CONFIG_MAX_AGE is not set\n' +
          'Warning: "fixture" is granted the secret "KEY", and TENON_SECRET_KEY is not set\n',
      );
      expect(serving.output()).not.toContain("UNITS");
      expect(
        await steps(
          serving.url,
          ["config", "get", "units"],
          ["secrets", "get", "KEY"],
          ["kv", "getFeatures"],
        ),
      ).toEqual([
        { ok: "metric" },
        { error: { tag: "missing", val: 'the host has no secret "KEY"' } },
        { ok: { swap: true, persistent: true, consistency: "strong" } },
      ]);
    } finally {
      await serving.stop();
    }
  },
  STARTS_MS,
);

test(
  "serve --kv file: keeps keys across restarts, for one server at a time",
  async () => {
    const env = { ...cache, TENON_KV: `file:${join(folder, "keys.kv")}` };
    const first = await startTenon(core, { env });
    try {
      expect(await steps(first.url, ["kv", "increment", "a/n", 41, null])).toEqual([{ ok: 41 }]);
      const second = runTenon(["serve", core, "--port", "0"], { env });
      expect(second.code).toBe(1);
      expect(second.stderr).toMatch(/Error: Cannot open store ".*keys\.kv": process \d+ on ".*" uses it\n/);
      expect(second.stderr).toContain("[ERR_HOST_STORE]");
    } finally {
      await first.stop();
    }
    const again = await startTenon(core, { env });
    try {
      expect(await steps(again.url, ["kv", "increment", "a/n", 1, null])).toEqual([{ ok: 42 }]);
    } finally {
      await again.stop();
    }
  },
  STARTS_MS,
);

test.each([
  ["valkey://u:secret@host", 'Error: Cannot open store "valkey:…": there is no such kind of store\n'],
  ["redis://u:secret@", 'Error: Cannot open store "redis:…": '],
  ["redis://u:secret@host?prefx=a", 'Error: Cannot open store "redis:…": it has the parameter "prefx"\n'],
])("serve --kv %s is wrong usage", (where, message) => {
  for (const [args, env] of [
    [["--kv", where], {}],
    [[], { TENON_KV: where }],
  ] as const) {
    const { code, stderr, stdout } = runTenon(["serve", core, ...args], { env: { ...cache, ...env } });
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toContain(message);
    expect(stderr).toContain("[ERR_USAGE]");
    expect(stderr).not.toContain("secret@");
  }
});
