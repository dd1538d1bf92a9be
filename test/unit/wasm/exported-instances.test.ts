import { parse } from "@bytecodealliance/jco-transpile/wasm-tools";
import { expect, test } from "vitest";
import { ByteWriter, exportedInstances } from "../../../src/wasm/index.ts";

test("exportedInstances() names the instances a component exports, whatever else it exports", async () => {
  const component = await parse(`(component
    (core module $m (func (export "f")))
    (core instance $c (instantiate $m))
    (func $f (canon lift (core func $c "f")))
    (type $t u32)
    (instance $i (export "f" (func $f)))
    (component $inner)
    (export "module" (core module $m))
    (export "run" (func $f))
    (export "number" (type $t))
    (export "inner" (component $inner))
    (export "a:b/c@1.0.0" (instance $i))
    (export "d:e/f@0.1.0" (instance $i) (instance (export "f" (func)))))`);
  expect(exportedInstances(component)).toEqual(["a:b/c@1.0.0", "d:e/f@0.1.0"]);
});

test.each([
  ["a count beyond the section", [2, 0, 1, 0x61, 5, 0, 0], "unexpected end"],
  ["bytes after the last export", [1, 0, 1, 0x61, 5, 0, 0, 9], "1 bytes after the last export"],
  ["an unknown form of name", [1, 7, 1, 0x61, 5, 0, 0], "unsupported form of a name"],
  ["an unknown type", [1, 0, 1, 0x61, 5, 0, 1, 9], "unsupported type of an import or export"],
])("exportedInstances() refuses %s", (_what, section, message) => {
  const component = new ByteWriter()
    .bytes(Uint8Array.of(0x00, 0x61, 0x73, 0x6d, 0x0d, 0x00, 0x01, 0x00))
    .section(11, Uint8Array.from(section))
    .finish();
  expect(() => exportedInstances(component)).toThrow(message);
});
