import { expect, test } from "vitest";

import {
  ByteWriter,
  readCustomSection,
  readSections,
  replaceCustomSection,
} from "../../../src/wasm/index.ts";

const COMPONENT = Uint8Array.of(0x00, 0x61, 0x73, 0x6d, 0x0d, 0x00, 0x01, 0x00);
const payload = (text: string): Uint8Array => new TextEncoder().encode(text);

test("readCustomSection() returns nothing when the component has no such section", () => {
  expect(readCustomSection(replaceCustomSection(COMPONENT, "a", payload("x")), "b")).toBeUndefined();
});

test("replaceCustomSection() writes what readCustomSection() reads", () => {
  const bytes = replaceCustomSection(COMPONENT, "a", payload("first"));
  expect(readCustomSection(bytes, "a")).toEqual(payload("first"));
});

test("replaceCustomSection() replaces the section of that name, keeps others and appends at the end", () => {
  let bytes = replaceCustomSection(COMPONENT, "a", payload("first"));
  bytes = replaceCustomSection(bytes, "b", payload("other"));
  bytes = replaceCustomSection(bytes, "a", payload("second"));
  expect(readSections(bytes).map((section) => new TextDecoder().decode(section.content))).toEqual([
    "\u0001bother",
    "\u0001asecond",
  ]);
});

test("readCustomSection() refuses two sections of one name", () => {
  const section = new ByteWriter().name("a").finish();
  const bytes = new ByteWriter().bytes(COMPONENT).section(0, section).section(0, section).finish();
  expect(() => readCustomSection(bytes, "a")).toThrow(
    'Cannot decode WebAssembly: a second custom section "a" (at offset 0xe)',
  );
});

test("readCustomSection() refuses a name that is cut short or not UTF-8", () => {
  const cut = new ByteWriter().bytes(COMPONENT).section(0, Uint8Array.of(5, 0x61)).finish();
  expect(() => readCustomSection(cut, "a")).toThrow("name of 5 bytes where 1 remain (at offset 0xb)");
  const invalid = new ByteWriter().bytes(COMPONENT).section(0, Uint8Array.of(1, 0xff)).finish();
  expect(() => readCustomSection(invalid, "a")).toThrow("name is not UTF-8 (at offset 0xb)");
});
