import { describe, expect, test } from "vitest";
import { binaryString, bytesOf, decodeUtf8, encodeUtf8 } from "../../../hosts/wasi/text.ts";

const SAMPLES = [
  "",
  "plain",
  "é",
  "😀",
  "\0\u007f\u0080\u07ff\u0800\uffff",
  `${"x".repeat(5000)}é${"y".repeat(5000)}`,
];

describe("binaryString() and bytesOf()", () => {
  test("binaryString() and bytesOf() are each other's inverse for every byte", () => {
    const bytes = Uint8Array.from({ length: 10_000 }, (_, i) => i % 256);
    expect(bytesOf(binaryString(bytes))).toEqual(bytes);
  });
});

describe("encodeUtf8() and decodeUtf8()", () => {
  test.each(SAMPLES)(
    "encodeUtf8() gives what TextEncoder gives, and decodeUtf8() reads it: case %#",
    (text) => {
      const bytes = encodeUtf8(text);
      expect(Buffer.from(bytes).equals(Buffer.from(text, "utf8"))).toBe(true);
      expect(decodeUtf8(binaryString(bytes))).toBe(text);
    },
  );

  test.each([
    ["a continuation byte alone", [0x80]],
    ["a sequence cut short", [0x61, 0xc3]],
    ["an overlong form", [0xc0, 0xaf]],
    ["a surrogate", [0xed, 0xa0, 0x80]],
    ["a code above U+10FFFF", [0xf4, 0x90, 0x80, 0x80]],
    ["a byte that UTF-8 never has", [0xff]],
  ])("decodeUtf8() refuses %s", (_, bytes) => {
    expect(decodeUtf8(binaryString(Uint8Array.from(bytes)))).toBeUndefined();
  });
});
