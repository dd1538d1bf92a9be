import { expect, test } from "vitest";

import {
  binaryKind,
  ByteReader,
  ByteWriter,
  PREAMBLE_LENGTH,
  readSections,
} from "../../../src/wasm/index.ts";

const COMPONENT = Uint8Array.of(0x00, 0x61, 0x73, 0x6d, 0x0d, 0x00, 0x01, 0x00);
const MODULE = Uint8Array.of(0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00);

test("binaryKind() tells a component from a core module", () => {
  expect(binaryKind(COMPONENT)).toBe("component");
  expect(binaryKind(MODULE)).toBe("module");
});

test.each([
  [new Uint8Array(), "0 bytes are no WebAssembly binary (at offset 0x0)"],
  [new TextEncoder().encode("(component)"), "do not start with the WebAssembly magic number (at offset 0x0)"],
  [
    COMPONENT.with(4, 0x0c),
    "neither a core module of version 1 nor a component of version 13 (at offset 0x4)",
  ],
])("binaryKind() refuses %#: %s", (bytes, message) => {
  expect(() => binaryKind(bytes)).toThrow(message);
});

test("readSections() gives every section with its place in the file", () => {
  const bytes = new ByteWriter()
    .bytes(COMPONENT)
    .section(7, Uint8Array.of(1, 2))
    .section(10, Uint8Array.of(3))
    .finish();
  expect(readSections(bytes, 100).map(({ id, content, offset }) => [id, [...content], offset])).toEqual([
    [7, [1, 2], 110],
    [10, [3], 114],
  ]);
});

test("readSections() refuses a section cut short at any byte", () => {
  const bytes = new ByteWriter().bytes(COMPONENT).section(7, new Uint8Array(200)).finish();
  for (let length = PREAMBLE_LENGTH + 1; length < bytes.length; length++) {
    expect(() => readSections(bytes.subarray(0, length)), `first ${length} bytes`).toThrow("at offset 0x");
  }
});

test("readSections() refuses section ids the format does not have", () => {
  expect(() => readSections(Uint8Array.of(...COMPONENT, 13, 0))).toThrow(
    "unknown section id 13 (at offset 0x8)",
  );
  expect(readSections(Uint8Array.of(...MODULE, 13, 0))).toHaveLength(1);
  expect(() => readSections(Uint8Array.of(...MODULE, 14, 0))).toThrow(
    "unknown section id 14 (at offset 0x8)",
  );
});

test("readSections() refuses more sections than any real binary has", () => {
  const bytes = new Uint8Array(PREAMBLE_LENGTH + 2 * 100_001);
  bytes.set(COMPONENT);
  expect(() => readSections(bytes)).toThrow("more than 100000 sections");
});

test("ByteReader.u32() reads what ByteWriter.u32() writes", () => {
  for (const value of [0, 1, 127, 128, 16_383, 16_384, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff]) {
    expect(new ByteReader(new ByteWriter().u32(value).finish()).u32()).toBe(value);
  }
});

test("ByteReader.u32() accepts padding within five bytes and refuses what is over-long or cut short", () => {
  expect(new ByteReader(Uint8Array.of(0x81, 0x80, 0x80, 0x80, 0x00)).u32()).toBe(1);
  const long = "integer is longer than 32 bits (at offset 0x0)";
  expect(() => new ByteReader(Uint8Array.of(0x81, 0x80, 0x80, 0x80, 0x80, 0x00)).u32()).toThrow(long);
  expect(() => new ByteReader(Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0x1f)).u32()).toThrow(long);
  expect(() => new ByteReader(Uint8Array.of(0x80)).u32()).toThrow("unexpected end (at offset 0x1)");
});

test("ByteWriter.u32() refuses what is not an unsigned 32-bit integer", () => {
  for (const value of [-1, 0.5, 2 ** 32, Number.NaN])
    expect(() => new ByteWriter().u32(value)).toThrow(TypeError);
});
