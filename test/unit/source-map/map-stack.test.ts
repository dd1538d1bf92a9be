import { encode } from "@jridgewell/sourcemap-codec";
import { describe, expect, test, vi } from "vitest";
import { mapStack, parseSourceMap, type SourceMap } from "../../../src/source-map/index.ts";

/** Line 1: nothing up to byte 10, `helper` (minified to `h`) up to 20, the package up to 30, nothing, `tool.ts` line 7. */
const json = JSON.stringify({
  version: 3,
  sources: ["lib/helper.ts", "node_modules/zod", "tool.ts"],
  names: ["helper"],
  mappings: encode([[[10, 0, 2, 4, 0], [15, 0, 3, 8], [20, 1, 0, 0], [30], [40, 2, 6, 0]]]),
  x_tenon_minified: ["h"],
});
const map = parseSourceMap(json)!;

function frame(name: string, column: number, line = 1): string {
  return `    at ${name} (componentize-qjs:user.js:${line}:${column})`;
}

function mapped(...lines: string[]): string[] {
  return mapStack(lines.join("\n"), () => map).split("\n");
}

describe("mapStack()", () => {
  test("names the place in the source, and the function as the source does", () => {
    expect(mapped(frame("h", 16), frame("run", 41))).toEqual([
      "    at helper (lib/helper.ts:4:9)",
      "    at run (tool.ts:7:1)",
    ]);
  });

  test("keeps a name that nothing before it declares", () => {
    expect(mapped(frame("g", 16))).toEqual(["    at g (lib/helper.ts:4:9)"]);
  });

  test("names a package, and what has no name not at all", () => {
    expect(mapped(frame("parse", 25), frame("<anonymous>", 45))).toEqual([
      "    at parse (node_modules/zod)",
      "    at tool.ts:7:1",
    ]);
  });

  test("shortens what lies between to one line, and leaves out what follows", () => {
    const elsewhere = [frame("a", 5), "    at next (native)", frame("b", 35), frame("c", 1, 99)];
    expect(mapped("TypeError: x", ...elsewhere, frame("run", 41), ...elsewhere, "", "and more")).toEqual([
      "TypeError: x",
      "    …",
      "    at run (tool.ts:7:1)",
      "",
      "and more",
    ]);
  });

  test("keeps lines that only look like frames", () => {
    const lines = [
      "    at home (user.js:1:2)",
      "at run (componentize-qjs:user.js:1:41)",
      "    at run (componentize-qjs:user.js:1:41) and on",
      "    at run (componentize-qjs:user.js:1:999999999999999999)",
      `    at ${"x".repeat(1000)} (componentize-qjs:user.js:1:41)`,
    ];
    expect(mapped(...lines)).toEqual(lines);
  });

  test("looks at no map when there is no stack", () => {
    const never = vi.fn<() => SourceMap>();
    expect(mapStack("all is well", never)).toBe("all is well");
    expect(never).not.toHaveBeenCalled();
  });

  test("leaves a stack without a map and a text that is too long as they are", () => {
    expect(mapStack(frame("run", 41), () => undefined)).toBe(frame("run", 41));
    const long = `${frame("run", 41)}\n${"x".repeat(64 * 1024)}`;
    expect(mapStack(long, () => map)).toBe(long);
  });

  test("gives at most 50 frames of a stack", () => {
    const lines = Array.from({ length: 200 }, (_, i) => frame("run", i % 2 ? 41 : 16));
    expect(mapped(...lines)).toHaveLength(50);
  });
});

describe("parseSourceMap()", () => {
  test.for([
    ["no JSON", "{"],
    ["no object", "null"],
    ["another version", '{"version":2,"sources":[],"names":[],"mappings":""}'],
    ["sources that are no texts", '{"version":3,"sources":[1],"names":[],"mappings":""}'],
    ["no mappings", '{"version":3,"sources":[],"names":[]}'],
    ["names that are no texts", '{"version":3,"sources":[],"names":{},"mappings":""}'],
  ])("gives nothing for %s", ([, text]) => {
    expect(parseSourceMap(text!)).toBeUndefined();
  });

  test.for([
    "!!!!",
    "AAAAA",
    "AAgggggggggggggggB",
    "zzzzzzzzzzzz",
    ";;;;",
    "\u0000\uffff",
    "A".repeat(10_000),
  ])("a map whose mappings are %j breaks nothing", (mappings) => {
    const hostile = parseSourceMap(JSON.stringify({ version: 3, sources: [], names: [], mappings }));
    const text = frame("run", 41);
    const result = mapStack(text, () => hostile);
    expect(["", text]).toContain(result);
  });
});
