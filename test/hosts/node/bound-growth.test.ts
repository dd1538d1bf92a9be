import { expect, test } from "vitest";
import { parse } from "@bytecodealliance/jco-transpile/wasm-tools";
import { boundGrowth } from "../../../hosts/node/bound-growth.ts";

const BOUNDS = { memoryPages: 3, tableEntries: 5 };
const GROW = `(func (export "memory") (param i32) (result i32) (memory.grow (local.get 0)))
  (func (export "table") (param i32) (result i32) (table.grow (ref.null func) (local.get 0)))`;

interface Grow {
  memory: (pages: number) => number;
  table: (entries: number) => number;
}

async function load(wat: string): Promise<Uint8Array> {
  return boundGrowth(await parse(wat), BOUNDS);
}

async function grown(wat: string): Promise<Grow> {
  const module = await WebAssembly.compile(boundGrowth(await parse(wat), BOUNDS));
  return (await WebAssembly.instantiate(module)).exports as unknown as Grow;
}

test("boundGrowth() stops memories and tables without a maximum at the bound", async () => {
  const { memory, table } = await grown(`(module (table 1 funcref) (memory 1) ${GROW})`);
  expect([memory(3), memory(2), memory(1)]).toEqual([-1, 1, -1]);
  expect([table(5), table(4), table(1)]).toEqual([-1, 1, -1]);
});

test("boundGrowth() lowers a maximum over the bound and keeps one below", async () => {
  const lowered = await grown(`(module (table 0 900 funcref) (memory 1 900) ${GROW})`);
  expect([lowered.memory(3), lowered.memory(2), lowered.table(6), lowered.table(5)]).toEqual([-1, 1, -1, 0]);
  const kept = await grown(`(module (table 0 2 externref) (table 0 2 funcref) (memory 1 2)
    (func (export "memory") (param i32) (result i32) (memory.grow (local.get 0)))
    (func (export "table") (param i32) (result i32) (table.grow 1 (ref.null func) (local.get 0))))`);
  expect([kept.memory(2), kept.memory(1), kept.table(3), kept.table(2)]).toEqual([-1, 1, -1, 0]);
});

test("boundGrowth() leaves a module without memories as it is", async () => {
  const module = await parse('(module (func (export "f") (result i32) (i32.const 1)))');
  expect(boundGrowth(module, BOUNDS)).toEqual(new Uint8Array(module));
});

test("boundGrowth() refuses a module that starts over the bound", async () => {
  await expect(load("(module (memory 4))")).rejects.toThrow(
    "Cannot load core: a memory starts with 4 pages, over the limit of 3",
  );
  await expect(load("(module (table 6 funcref))")).rejects.toThrow(
    "Cannot load core: a table starts with 6 entries, over the limit of 5",
  );
  await expect(load("(module (memory i64 1))")).rejects.toThrow("which this host does not bound");
});

test("boundGrowth() refuses a module cut short in a section it reads", async () => {
  const module = new Uint8Array(await parse("(module (memory 1))"));
  for (let length = 9; length < module.length; length++) {
    const cut = module.subarray(0, length);
    // Cut between two sections it is whole again, without what follows.
    if (!WebAssembly.validate(cut))
      expect(() => boundGrowth(cut, BOUNDS), `${length} bytes`).toThrow("malformed");
  }
});
