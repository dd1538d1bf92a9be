import { parse } from "@bytecodealliance/jco-transpile/wasm-tools";
import { expect, test } from "vitest";
import { withoutNames } from "../../../src/build/without-names.ts";
import { replaceCustomSection } from "../../../src/wasm/index.ts";

const MODULE = '(core module $inner (func $named (export "f") (result i32) (i32.const 7)))';

function component(module: string): string {
  return `(component $outer (component $nested ${module}) ${module})`;
}

test("withoutNames() drops names at every depth, and leaves other custom sections alone", async () => {
  const named = replaceCustomSection(await parse(component(MODULE)), "kept", Uint8Array.of(1, 2, 3));
  const bare = replaceCustomSection(
    await parse(component(MODULE.replaceAll(/\$\w+ /g, "")).replaceAll(/\$\w+ /g, "")),
    "kept",
    Uint8Array.of(1, 2, 3),
  );
  expect(Buffer.from(named).includes("named")).toBe(true);
  expect(withoutNames(named)).toEqual(withoutNames(bare));
  expect(Buffer.from(withoutNames(named)).toString("latin1")).not.toMatch(/named|inner|nested|outer/);
  expect(Buffer.from(withoutNames(named)).includes("kept\u0001\u0002\u0003")).toBe(true);
});

test("withoutNames() refuses what is no WebAssembly", () => {
  expect(() => withoutNames(new Uint8Array(20))).toThrow("do not start with the WebAssembly magic number");
});
