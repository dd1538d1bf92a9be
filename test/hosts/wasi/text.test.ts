import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, test } from "vitest";
import { buildComponent } from "../../../src/build/index.ts";
import { compileComponent, type Instance } from "../../fixtures/compiled-component.ts";

// What the conversions are made of is the engine's own, so they are tested in it, as tools.
let tools: Instance;

beforeAll(async () => {
  const entry = fileURLToPath(new URL("../../fixtures/components/text-conversion.ts", import.meta.url));
  const { bytes } = await buildComponent({ entry });
  tools = (await compileComponent(bytes)).instantiate();
});

function textOf(tool: string, args: object): string {
  const { isError, content } = tools.call(tool, args);
  if (isError === true) throw new Error(content[0]!.text);
  return content[0]!.text;
}

const copy = (bytes: Uint8Array): Buffer =>
  Buffer.from(textOf("copy", { bytes: Buffer.from(bytes).toString("base64") }), "base64");
const encode = (text: string): Buffer => Buffer.from(textOf("encode", { text }), "base64");
const decode = (bytes: Uint8Array): unknown =>
  JSON.parse(textOf("decode", { bytes: Buffer.from(bytes).toString("base64") }));

const SAMPLES = [
  "",
  "plain",
  "é",
  "😀",
  "\0\u007f\u0080\u07ff\u0800\uffff",
  `${"x".repeat(5000)}é${"y".repeat(5000)}`,
];

describe("binaryString() and bytesOf()", () => {
  test.each([0, 1, 2, 3, 255, 70_000])("bytesOf() gives back %i bytes of binaryString()", (length) => {
    const bytes = Uint8Array.from({ length }, (_, i) => i % 256);
    expect(copy(bytes).equals(bytes)).toBe(true);
  });
});

describe("encodeUtf8() and decodeUtf8()", () => {
  test.each(SAMPLES)("encodeUtf8() gives UTF-8, and decodeUtf8() reads it: case %#", (text) => {
    const bytes = Buffer.from(text, "utf8");
    expect(encode(text).equals(bytes)).toBe(true);
    expect(decode(bytes)).toBe(text);
  });

  test.each([
    ["a continuation byte alone", [0x80]],
    ["a sequence cut short", [0x61, 0xc3]],
    ["an overlong form", [0xc0, 0xaf]],
    ["a surrogate", [0xed, 0xa0, 0x80]],
    ["a code above U+10FFFF", [0xf4, 0x90, 0x80, 0x80]],
    ["a byte that UTF-8 never has", [0xff]],
  ])("decodeUtf8() refuses %s", (_, bytes) => {
    expect(decode(Uint8Array.from(bytes))).toBeNull();
  });
});
