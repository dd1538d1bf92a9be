import { transform } from "esbuild";
import { expect, test } from "vitest";
import {
  mapStack,
  originalPosition,
  parseSourceMap,
  reduceSourceMap,
  type SourceOwner,
} from "../../../src/source-map/index.ts";

async function minified(source: string): Promise<{ code: string; map: string }> {
  return transform(source, {
    loader: "ts",
    minify: true,
    charset: "utf8",
    sourcemap: "external",
    sourcefile: "tool.ts",
  });
}

/** The column, from 1, at which a text starts in the UTF-8 of the code's first line. */
function byteColumn(code: string, text: string): number {
  const at = code.indexOf(text);
  if (at < 0) throw new Error(`"${text}" is not in the code`);
  return Buffer.byteLength(code.slice(0, at)) + 1;
}

test("columns of the generated code count bytes of UTF-8", async () => {
  const source = 'export const a = "ä€😀";\nexport const b = call("ö");\nexport const c = other();';
  const { code, map } = await minified(source);
  expect(code.split("\n")[0]).toContain("call");
  const reduced = parseSourceMap(reduceSourceMap(map, code, () => "author"))!;
  expect(originalPosition(reduced, 1, byteColumn(code, "call("))).toEqual({
    source: "tool.ts",
    line: 2,
    column: 18,
  });
  expect(originalPosition(reduced, 1, byteColumn(code, "other("))).toEqual({
    source: "tool.ts",
    line: 3,
    column: 18,
  });
});

test.for<[title: string, owner: SourceOwner, line: string]>([
  ["the author's modules are mapped", "author", "    at f (tool.ts:1:25)"],
  ["a package is named as a whole", { package: "node_modules/zod" }, "    at f (node_modules/zod)"],
  ["the toolkit's own is not mapped", "toolkit", ""],
])("%s", async ([, owner, line]) => {
  const { code, map } = await minified("export function f() { g(); }");
  const reduced = parseSourceMap(reduceSourceMap(map, code, () => owner))!;
  const stack = `    at f (componentize-qjs:user.js:1:${byteColumn(code, "g(")})`;
  expect(mapStack(stack, () => reduced)).toBe(line === "" ? "" : line.replace("1:25", "1:23"));
});

test("names of functions are kept where they are declared, and other names are not", async () => {
  const source = `
    function outer(parameter: number) { return inner(parameter); }
    function inner(parameter: number) { return other(parameter); }
    const arrow = (parameter: number) => outer(parameter) + 1;
    class Thing { method() { return arrow(2); } }
    globalThis.x = [outer, inner, arrow, Thing];`;
  // Inside a function every name is shortened.
  const { code, map } = await minified(`(() => {${source}})()`);
  const reduced = parseSourceMap(reduceSourceMap(map, code, () => "author"))!;
  expect(["Thing", "arrow", "inner", "outer"]).toEqual(expect.arrayContaining([...reduced.names]));
  expect(reduced.names).toEqual(expect.arrayContaining(["outer", "inner"]));
  const inner = reduced.minified[reduced.names.indexOf("inner")]!;
  const stack = `    at ${inner} (componentize-qjs:user.js:1:${byteColumn(code, "other(")})`;
  expect(mapStack(stack, () => reduced)).toBe("    at inner (tool.ts:3:48)");
});

test("equal input gives an equal map without the text of the sources", async () => {
  const { code, map } = await minified("export function secret() { return 'the source'; }");
  const reduced = reduceSourceMap(map, code, () => "author");
  expect(reduceSourceMap(map, code, () => "author")).toBe(reduced);
  expect(reduced).not.toContain("the source");
});
