import { parse, print } from "@bytecodealliance/jco-transpile/wasm-tools";
import { transpileBytes } from "@bytecodealliance/jco-transpile";
import { expect, test } from "vitest";
import { hollowModules } from "../../../hosts/node/hollow-modules.ts";
import { loadCore } from "tenon/hosts/node";
import { writeManifest } from "../../../src/manifest/index.ts";
import { coreManifest, handlerCore } from "./handler-core.ts";

const OPTIONS = {
  name: "core",
  instantiation: "sync",
  emitTypescriptDeclarations: false,
  base64Cutoff: 0,
} as const;

function module(fill: string): string {
  return `(core module
    (memory (export "memory") 1) (data (i32.const 0) "${fill.repeat(20_000)}")
    (func (export "f") (result i32) (i32.const ${fill.charCodeAt(0)})))`;
}

/** A component with a large module, and a second one of the same shape inside another component. */
function nested(text: string): string {
  return `(component ${module("a")} (component ${module("b")} ${text}))`;
}

test("What is transpiled hollow and restored is what is transpiled whole", async () => {
  const core = await handlerCore();
  const whole = await transpileBytes(core, OPTIONS);
  const hollow = hollowModules(core);
  expect(hollow.bytes.length).toBeLessThan(core.length / 5);
  const { files } = await transpileBytes(hollow.bytes, OPTIONS);
  const restored = new Map(Object.entries(files));
  expect(hollow.restore(restored)).toBe(true);
  expect([...restored.keys()]).toEqual(Object.keys(whole.files));
  for (const [name, content] of restored) {
    expect(Buffer.compare(content, whole.files[name]!), name).toBe(0);
  }
}, 120_000);

test("hollowModules() keeps a component valid, nested ones and modules of one shape included", async () => {
  const component = await parse(nested(""));
  const hollow = hollowModules(component);
  const text = await print(hollow.bytes);
  expect(text.match(/unreachable/g)).toHaveLength(2);
  expect(text).not.toContain("(data");
  expect(hollow.bytes.length).toBeLessThan(500);
});

test("restore() says when something was not found", async () => {
  const hollow = hollowModules(await parse(nested("")));
  expect(hollow.restore(new Map([["a.wasm", Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0)]]))).toBe(false);
});

test("A component of small modules stays as it is", async () => {
  const component = await parse('(component (core module (func (export "f") (result i32) (i32.const 1))))');
  const hollow = hollowModules(component);
  expect(Buffer.compare(hollow.bytes, component)).toBe(0);
  expect(hollow.restore(new Map())).toBe(true);
});

test("loadCore() refuses a core whose code is not valid", async () => {
  const core = Buffer.from(await parse(nested("")));
  const valid = writeManifest(core, coreManifest({}));
  await expect(loadCore(valid, { cacheDir: false })).resolves.toBeDefined();
  // `i32.const 97`, then `end`: the constant becomes a local that is not there.
  const at = core.indexOf(Buffer.of(0x41, 0xe1, 0x00, 0x0b));
  core[at] = 0x20;
  await expect(loadCore(writeManifest(core, coreManifest({})), { cacheDir: false })).rejects.toMatchObject({
    code: "ERR_HOST_CORE",
  });
});
