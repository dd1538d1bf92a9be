import { expect, test } from "vitest";
import { decodeHeaderValue } from "../../../src/protocol/header-value.ts";

const wrap = (text: string) => `=?base64?${Buffer.from(text).toString("base64")}?=`;

test("decodeHeaderValue() gives plain text as it stands", () => {
  expect(decodeHeaderValue("add")).toBe("add");
  expect(decodeHeaderValue("a=?b?=")).toBe("a=?b?=");
  expect(decodeHeaderValue("=?base64?YWI=")).toBe("=?base64?YWI=");
});

test("decodeHeaderValue() decodes every remainder of base64 and any UTF-8", () => {
  for (const text of ["", "a", "ab", "abc", "Grüße", "😀 x", "=?base64?", "\u0000"]) {
    expect(decodeHeaderValue(wrap(text)), text).toBe(text);
  }
});

test("decodeHeaderValue() refuses broken base64 and broken UTF-8", () => {
  for (const bad of ["=?base64?YQ?=", "=?base64?Y?=", "=?base64?Y*==?=", "=?base64?/w==?="]) {
    expect(decodeHeaderValue(bad), bad).toBeUndefined();
  }
});
