import { parse } from "@bytecodealliance/jco-transpile/wasm-tools";
import { expect, test } from "vitest";
import { ByteWriter, exportNames, importNames } from "../../../src/wasm/index.ts";

test("importNames() and exportNames() name everything a component imports and exports, of every sort", async () => {
  const component = await parse(`(component
    (import "a:b/c@1.0.0" (instance (export "r" (type (sub resource)))))
    (import "run" (func $run (param "x" u32)))
    (import "thing" (type (sub resource)))
    (type $n u32)
    (import "number" (type (eq $n)))
    (import "engine" (core module $m))
    (import "inner" (component))
    (export "module" (core module $m))
    (export "go" (func $run))
    (export "n" (type $n)))`);
  expect(importNames(component)).toEqual(["a:b/c@1.0.0", "run", "thing", "number", "engine", "inner"]);
  expect(exportNames(component)).toEqual(["module", "go", "n"]);
});

test.each([
  ["a count beyond the section", [2, 0, 1, 0x61, 5, 0, 0], "unexpected end"],
  ["bytes after the last export", [1, 0, 1, 0x61, 5, 0, 0, 9], "1 bytes after the last name"],
])("exportNames() refuses %s", (_what, section, message) => {
  const component = new ByteWriter()
    .bytes(Uint8Array.of(0x00, 0x61, 0x73, 0x6d, 0x0d, 0x00, 0x01, 0x00))
    .section(11, Uint8Array.from(section))
    .finish();
  expect(() => exportNames(component)).toThrow(message);
});
