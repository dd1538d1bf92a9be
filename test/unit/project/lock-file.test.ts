import { mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { ToolkitError } from "../../../src/errors/index.ts";
import { compareLock } from "../../../src/project/lock/compare-lock.ts";
import {
  lockText,
  readLock,
  writeLock,
  type LockedComponent,
  type LockFile,
} from "../../../src/project/lock/lock-file.ts";

const digest = (digit: string): string => `sha256:${digit.repeat(64)}`;

const NOTES: LockedComponent = {
  reference: "oci://registry.example/acme/notes:1",
  manifest: digest("a"),
  component: digest("b"),
  size: 1000,
  signer: digest("c"),
  definitions: digest("d"),
  capabilities: ["tenon:host/kv"],
  sdk: "0.1.0",
  engine: "quickjs 0.4.5",
};

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(realpathSync(tmpdir()), "tenon-lock-"));
  path = join(folder, "tenon.lock");
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function lockOf(components: Record<string, LockedComponent>): LockFile {
  return { lockVersion: 1, components };
}

/** The error of reading a text as a lock file. */
async function refusal(
  text: string | Uint8Array,
): Promise<{ code: string; message: string; details: string[] }> {
  writeFileSync(path, text);
  const error: unknown = await readLock(path).catch((reason: unknown) => reason);
  if (!(error instanceof ToolkitError)) throw new Error(`It was read: ${JSON.stringify(error)}`);
  const details = error.details.map((line) => line.replace(path, "tenon.lock"));
  return { code: error.code, message: error.message.replace(path, "tenon.lock"), details };
}

describe("a lock file", () => {
  test("is read as it was written, and the same content gives the same text", async () => {
    await writeLock(path, lockOf({ notes: NOTES, abacus: { ...NOTES, capabilities: [] } }));
    const text = readFileSync(path, "utf8");
    expect(await readLock(path)).toEqual(lockOf({ abacus: { ...NOTES, capabilities: [] }, notes: NOTES }));
    const turned = Object.fromEntries(Object.entries(NOTES).toReversed()) as unknown as LockedComponent;
    expect(lockText(lockOf({ abacus: { ...turned, capabilities: [] }, notes: turned }))).toBe(text);
    expect(text.endsWith("}\n")).toBe(true);
    expect(text.indexOf('"abacus"')).toBeLessThan(text.indexOf('"notes"'));
  });

  test("is nothing where there is none, and removed when nothing is locked", async () => {
    expect(await readLock(path)).toBeUndefined();
    await writeLock(path, lockOf({ notes: NOTES }));
    await writeLock(path, lockOf({}));
    expect(readdirSync(folder)).toEqual([]);
  });

  test("written by several at once is that of one of them, whole, with nothing left beside it", async () => {
    const names = Array.from({ length: 20 }, (_, i) => `part-${i}`);
    await Promise.all(names.map((name) => writeLock(path, lockOf({ [name]: NOTES }))));
    const { components } = (await readLock(path))!;
    expect(names).toContain(Object.keys(components)[0]);
    expect(Object.values(components)).toEqual([NOTES]);
    expect(readdirSync(folder)).toEqual(["tenon.lock"]);
  });

  test("that cannot be written says where it could be", async () => {
    const error: unknown = await writeLock(
      join(folder, "nowhere", "tenon.lock"),
      lockOf({ notes: NOTES }),
    ).catch((reason: unknown) => reason);
    expect(error).toMatchObject({
      code: "ERR_FILE",
      hint: expect.stringContaining("bring the file along") as string,
    });
  });
});

describe("what is no lock file is refused with its line", () => {
  const text = lockText(lockOf({ notes: NOTES }));
  test.each([
    [
      "cut short",
      text.slice(0, text.indexOf("oci:")),
      "the string is not closed on its line",
      /^tenon\.lock:11:\d+$/,
    ],
    ["empty", "", "the text ends too early", /^tenon\.lock:1:1$/],
    ["with a key twice", text.replace('"size"', '"sdk"'), 'key "sdk" is given twice', /^tenon\.lock:14:7$/],
    ["with an unknown member", text.replace('"sdk"', '"skd"'), 'unknown key "skd"', /^tenon\.lock:12:7$/],
    [
      "of a later version",
      text.replace(": 1\n", ": 2\n"),
      '"lockVersion" must be 1, got 2',
      /^tenon\.lock:17:3$/,
    ],
    [
      "without a digest",
      text.replace(/"component": "sha256:/, '"component": "'),
      "must match",
      /^tenon\.lock:7:7$/,
    ],
    ["with a path", text.replace("oci://", "file://"), "must match", /^tenon\.lock:11:7$/],
    ["with a merge conflict", `<<<<<<< HEAD\n${text}`, 'unexpected "<<<<<<<"', /^tenon\.lock:1:1$/],
    [
      "with a reference that is none",
      text.replace("registry.example/acme/notes:1", "NOTES"),
      "its reference is not one into a registry",
      /^tenon\.lock:11:7$/,
    ],
    [
      "with another digest than its reference",
      text.replace("notes:1", `notes@${digest("e")}`),
      'its "manifest" is not the digest of its reference',
      /^tenon\.lock:11:7$/,
    ],
  ])("%s", async (_, content, message, place) => {
    const refused = await refusal(content);
    expect(refused.code).toBe("ERR_LOCK");
    expect(refused.message).toContain(message);
    expect(refused.details[0]).toMatch(place);
  });

  test("too long, or not UTF-8", async () => {
    expect(await refusal(" ".repeat(1024 * 1024 + 1))).toMatchObject({ code: "ERR_FILE" });
    expect(await refusal(new Uint8Array([0xff, 0xfe]))).toMatchObject({ code: "ERR_FILE" });
  });
});

function kinds(locked: Record<string, LockedComponent>, current: Record<string, LockedComponent>): string[] {
  return compareLock(locked, current).map(({ as, kind }) => `${as} ${kind}`);
}

describe("compareLock()", () => {
  test("finds nothing where nothing changed", () => {
    expect(kinds({ notes: NOTES }, { notes: { ...NOTES } })).toEqual([]);
  });

  test.each([
    ["added", {}, { notes: NOTES }],
    ["removed", { notes: NOTES }, {}],
    ["moved", { notes: NOTES }, { notes: { ...NOTES, manifest: digest("e") } }],
    ["moved", { notes: NOTES }, { notes: { ...NOTES, reference: "oci://registry.example/acme/notes:2" } }],
    ["signed", { notes: NOTES }, { notes: { ...NOTES, signer: digest("e") } }],
    ["other", { notes: NOTES }, { notes: { ...NOTES, component: digest("e") } }],
    ["other", { notes: NOTES }, { notes: { ...NOTES, capabilities: [] } }],
    ["other", { notes: NOTES }, { notes: { ...NOTES, definitions: digest("e") } }],
  ])("tells what is %s", (kind, locked, current) => {
    expect(kinds(locked, current)).toEqual([`notes ${kind}`]);
  });

  test("takes a part named like a member of every object for a name", () => {
    const named = JSON.parse(`{"constructor":${JSON.stringify(NOTES)}}`) as Record<string, LockedComponent>;
    expect(kinds({}, named)).toEqual(["constructor added"]);
    expect(kinds(named, {})).toEqual(["constructor removed"]);
  });
});
