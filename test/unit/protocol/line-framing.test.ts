import { expect, test } from "vitest";
import { createLineFramer } from "../../../src/protocol/index.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const text = (line: Uint8Array | "too-large" | undefined) =>
  line instanceof Uint8Array ? new TextDecoder().decode(line) : line;

test("push() gives the same lines however the bytes arrive", () => {
  const stream = bytes("eins\n\nzwölf 😀\r\nrest");
  for (let size = 1; size <= stream.length; size++) {
    const framer = createLineFramer(100);
    const lines: (string | undefined)[] = [];
    for (let at = 0; at < stream.length; at += size) {
      lines.push(...framer.push(stream.subarray(at, at + size)).map(text));
    }
    lines.push(text(framer.end()));
    expect(lines, `${size} bytes at a time`).toEqual(["eins", "", "zwölf 😀\r", "rest"]);
  }
});

test("push() replaces a line over the limit and goes on with the next", () => {
  const framer = createLineFramer(4);
  expect(framer.push(bytes("12345\n1234\n")).map(text)).toEqual(["too-large", "1234"]);
  expect(
    framer
      .push(bytes("123"))
      .concat(framer.push(bytes("456")))
      .map(text),
  ).toEqual([]);
  expect(framer.push(bytes("\nok\n")).map(text)).toEqual(["too-large", "ok"]);
  expect(framer.end()).toBeUndefined();
});
