import { randomBytes } from "node:crypto";
import { expect, test } from "vitest";
import { createSealer } from "../../../src/protocol/index.ts";
import { NODE_PLATFORM } from "../../../hosts/node/asking.ts";

const key = new Uint8Array(randomBytes(32));
const sealer = createSealer([key], NODE_PLATFORM);

test("open() gives what seal() took, in the same context alone", () => {
  for (const text of ["", "{}", "zażółć gęślą 🦀", "x".repeat(30_000)]) {
    const sealed = sealer.seal(text, "context");
    expect(sealed).toMatch(/^[\w-]+$/);
    expect(sealer.open(sealed, "context")).toBe(text);
    expect(sealer.open(sealed, "context ")).toBeUndefined();
    expect(sealer.open(sealed, "")).toBeUndefined();
  }
});

test("seal() never gives the same text twice", () => {
  expect(sealer.seal("a", "c")).not.toBe(sealer.seal("a", "c"));
});

test("open() takes no text with any one character changed, cut off or added", () => {
  const sealed = sealer.seal("state", "c");
  for (let at = 0; at < sealed.length; at++) {
    const other = sealed[at] === "A" ? "B" : "A";
    expect(sealer.open(sealed.slice(0, at) + other + sealed.slice(at + 1), "c"), `at ${at}`).toBeUndefined();
    expect(sealer.open(sealed.slice(0, at), "c"), `first ${at}`).toBeUndefined();
  }
  for (const more of ["A", "=", "-TAMPERED", "\n", " "]) {
    expect(sealer.open(sealed + more, "c"), JSON.stringify(more)).toBeUndefined();
  }
});

test.each(["", "A", "AAAA", "A".repeat(40), "A".repeat(1_000), "ä", "+/==", "{}"])(
  "open() takes no %j",
  (text) => {
    expect(sealer.open(text, "c")).toBeUndefined();
  },
);

test("open() takes only one spelling of the last character", () => {
  const sealed = sealer.seal("ab", "c");
  const digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  const spellings = digits.split("").filter((last) => sealer.open(sealed.slice(0, -1) + last, "c") === "ab");
  expect(spellings).toEqual([sealed.at(-1)]);
});

test("keys are exchanged one after another: the first seals, all of them open", () => {
  const next = new Uint8Array(randomBytes(32));
  const both = createSealer([next, key], NODE_PLATFORM);
  expect(both.open(sealer.seal("old", "c"), "c")).toBe("old");
  expect(sealer.open(both.seal("new", "c"), "c")).toBeUndefined();
  expect(createSealer([next], NODE_PLATFORM).open(both.seal("new", "c"), "c")).toBe("new");
});
