import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { readStateKeys, stateKeyWarnings } from "../../../src/cli/state-keys.ts";
import type { CoreManifest } from "../../../src/manifest/index.ts";

const FIRST = new Uint8Array(32).fill(0xab);
const SECOND = Uint8Array.from({ length: 32 }, (_, i) => 255 - i);
const base64 = (key: Uint8Array): string => Buffer.from(key).toString("base64");
const base64url = (key: Uint8Array): string => Buffer.from(key).toString("base64url");
const hex = (key: Uint8Array): string => Buffer.from(key).toString("hex");

let folder: string;
beforeEach(() => {
  vi.stubEnv("TENON_STATE_KEY", undefined);
  folder = mkdtempSync(join(tmpdir(), "tenon-keys-"));
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
});

function file(text: string): string {
  const path = join(folder, "key");
  writeFileSync(path, text);
  return `file:${path}`;
}

test("there is no key unless one is named", async () => {
  expect(await readStateKeys(undefined)).toBeUndefined();
  vi.stubEnv("TENON_STATE_KEY", "");
  expect(await readStateKeys(undefined)).toBeUndefined();
});

test.each([
  ["base64", base64(SECOND)],
  ["base64 without padding", base64(SECOND).replace("=", "")],
  ["base64url", base64url(SECOND)],
  ["hex", hex(SECOND)],
  ["hex in upper case", `${hex(SECOND).toUpperCase()}\n`],
])("a key may be written in %s", async (_, text) => {
  expect(await readStateKeys(file(text))).toEqual([SECOND]);
  vi.stubEnv("TENON_STATE_KEY", text);
  expect(await readStateKeys(undefined)).toEqual([SECOND]);
  vi.stubEnv("MY_KEY", text);
  expect(await readStateKeys("env:MY_KEY")).toEqual([SECOND]);
});

test("several keys stay in their order", async () => {
  expect(await readStateKeys(file(`${hex(SECOND)}\n${base64(FIRST)}\n`))).toEqual([SECOND, FIRST]);
  expect(await readStateKeys(file(`${base64(FIRST)}, ${hex(SECOND)}`))).toEqual([FIRST, SECOND]);
});

test("what is named wins over the variable", async () => {
  vi.stubEnv("TENON_STATE_KEY", hex(FIRST));
  expect(await readStateKeys(file(hex(SECOND)))).toEqual([SECOND]);
});

describe("what is wrong is said, and never the key itself", () => {
  const short = base64(FIRST.subarray(1));

  test.each([
    [short, "it is not 32 bytes in base64 or hex"],
    [`${hex(FIRST)}00`, "it is not 32 bytes in base64 or hex"],
    [`${hex(FIRST)},${short}`, "key 2 is not 32 bytes in base64 or hex"],
    [base64(FIRST).replace("=", "=="), "it is not 32 bytes in base64 or hex"],
    // Bits that are lost mean that it was cut off or mistyped.
    [base64(FIRST).replace(/.=$/, "B="), "it is not 32 bytes in base64 or hex"],
    [" \n", "there is none"],
    [Array.from({ length: 9 }, () => hex(FIRST)).join(), "there are 9 keys, and 8 are the most"],
  ])("%#", async (text, state) => {
    vi.stubEnv("MY_KEY", text);
    await expect(readStateKeys("env:MY_KEY")).rejects.toMatchObject({
      code: "ERR_CONFIG",
      message: `Cannot read the state key from the environment variable MY_KEY: ${state}`,
    });
  });

  test.each([hex(FIRST), base64(FIRST), "env:", "file:", "vault:key", ""])("source %j", async (source) => {
    const failure = await readStateKeys(source).catch((error: unknown) => error as Error);
    expect(failure).toMatchObject({
      code: "ERR_USAGE",
      message: 'Cannot run "tenon serve": "--state-key" is not like env:NAME or file:PATH',
    });
    expect(JSON.stringify(failure)).not.toContain(hex(FIRST));
  });

  test("a variable that is not set, and a file that is not there", async () => {
    await expect(readStateKeys("env:NOT_SET")).rejects.toThrow(/NOT_SET: there is none/);
    await expect(readStateKeys(`file:${folder}/none`)).rejects.toMatchObject({
      code: "ERR_FILE",
      message: `Cannot read state key "${folder}/none": there is no such file or folder`,
    });
  });
});

test("stateKeyWarnings() names the part that asks, and only without a key", () => {
  const provider = { as: "orders", name: "orders" };
  const manifest = (asks?: true) => ({ providers: [{ ...provider, asks }] }) as unknown as CoreManifest;
  expect(stateKeyWarnings(manifest(), undefined)).toEqual([]);
  expect(stateKeyWarnings(manifest(true), [FIRST])).toEqual([]);
  expect(stateKeyWarnings(manifest(true), undefined)).toEqual([
    expect.stringMatching(/^"orders" asks clients, and no --state-key is given: a random key is used/),
  ]);
});
