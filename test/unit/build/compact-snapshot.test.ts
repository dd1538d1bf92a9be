import { parse } from "@bytecodealliance/jco-transpile/wasm-tools";
import { describe, expect, test } from "vitest";
import { compactSnapshot } from "../../../src/build/compact-snapshot.ts";
import { readSections, SECTION } from "../../../src/wasm/index.ts";
import { wasm } from "../../fixtures/run-component.ts";

const PAGE = 65_536;
const FOOTER = 56;
const BLOCK = 256;
const START = 8 + BLOCK;
const BLOCKS = 40;
/** The one block that is free, but for the rest of the page. */
const FREE = 21;

/** One page that is a heap from `START` to its end, in the layout of the engine's allocator. */
function heap(): DataView {
  const view = new DataView(new ArrayBuffer(PAGE));
  for (let index = 0; index <= BLOCKS; index++) {
    const at = START + index * BLOCK;
    const size = index < BLOCKS ? BLOCK : PAGE - FOOTER - at;
    new Uint8Array(view.buffer).fill(0xaa, at + 8, at + size);
    const flags = (index === FREE || index === BLOCKS ? 0 : 2) | (index === FREE + 1 ? 0 : 1);
    view.setUint32(at + 4, size | flags, true);
    if (index === FREE || index === BLOCKS) view.setUint32(at + size, size, true);
  }
  view.setUint32(PAGE - FOOTER + 4, FOOTER, true);
  return view;
}

/** Where the content of an arena is, in the last 16 blocks made one: 7 pieces of 512 bytes, of which 2 and 4 are free. */
const ARENA = START + (BLOCKS - 16) * BLOCK + 8;
const piece = (index: number): number => ARENA + 24 + index * 512;

function withArena(): DataView {
  const view = heap();
  view.setUint32(ARENA - 4, (16 * BLOCK) | 3, true);
  view.setUint8(ARENA + 16, 30);
  view.setUint16(ARENA + 18, 5, true);
  view.setUint16(ARENA + 20, 7, true);
  view.setUint16(ARENA + 22, 2, true);
  for (let index = 0; index < 7; index++) view.setUint8(piece(index) + 2, 30);
  view.setUint16(piece(2), 4, true);
  view.setUint16(piece(4), 0xffff, true);
  return view;
}

function component(view: DataView, memory = '(memory (export "m") 1)'): Promise<Uint8Array> {
  return parse(`(component (core module ${memory} (data (i32.const 0) "${escaped(view)}")))`);
}

function escaped(view: DataView): string {
  return Array.from(new Uint8Array(view.buffer), (byte) => `\\${byte.toString(16).padStart(2, "0")}`).join(
    "",
  );
}

/** A module that has the code, as the engine's has, beside one that has the memory. */
function runnerModule(data: string): string {
  return `(core module (memory 1) (func (drop (i32.const 7))) ${data})`;
}

/** What the memory of a component's module holds when it starts. */
function memoryOf(bytes: Uint8Array): Uint8Array {
  const module = readSections(bytes).find((section) => section.id === SECTION.coreModule)!.content;
  const { exports } = new wasm.Instance(new wasm.Module(module));
  return new Uint8Array((exports.m as { buffer: ArrayBuffer }).buffer);
}

describe("compactSnapshot()", () => {
  test("clears what free blocks hold, but for the allocator's links, and nothing else", async () => {
    const view = heap();
    const compact = compactSnapshot(await component(view));
    const expected = new Uint8Array(view.buffer.slice(0));
    const [free, last] = [START + FREE * BLOCK, START + BLOCKS * BLOCK];
    expected.fill(0, free + 32, free + BLOCK);
    expected.fill(0, last + 32, PAGE - FOOTER);
    expect(memoryOf(compact)).toEqual(expected);
    expect(compact.length).toBeLessThan(BLOCKS * BLOCK + 500);
  });

  test("clears the free pieces of the engine's arenas, but for their headers", async () => {
    const view = withArena();
    const memory = memoryOf(compactSnapshot(await component(view)));
    const expected = new Uint8Array(view.buffer.slice(0)).subarray(ARENA, piece(7));
    for (const free of [2, 4]) expected.fill(0, piece(free) + 8 - ARENA, piece(free + 1) - ARENA);
    expect(memory.subarray(ARENA, piece(7))).toEqual(expected);
  });

  test.each<[string, (view: DataView) => void]>([
    ["counts other free pieces than it lists", (view) => view.setUint16(ARENA + 18, 4, true)],
    ["has another number of pieces than fit", (view) => view.setUint16(ARENA + 20, 8, true)],
    ["lists a piece twice", (view) => view.setUint16(piece(4), 2, true)],
    ["lists a piece that is not there", (view) => view.setUint16(piece(4), 7, true)],
    ["has a free piece of another kind", (view) => view.setUint8(piece(4) + 2, 29)],
  ])("leaves a block alone that %s", async (_, change) => {
    const view = withArena();
    change(view);
    const memory = memoryOf(compactSnapshot(await component(view)));
    expect(memory.subarray(ARENA, piece(7))).toEqual(new Uint8Array(view.buffer, ARENA, piece(7) - ARENA));
  });

  test("is not misled by what looks like a block before the heap", async () => {
    const view = heap();
    // A block before the first would reach over the free one.
    view.setUint32(8 + 4, (25 * BLOCK) | 3, true);
    const at = START + FREE * BLOCK + 100;
    expect(memoryOf(compactSnapshot(await component(view)))[at]).toBe(0);
  });

  test.each<[string, (view: DataView) => void]>([
    [
      "a block says that the one before it is in use, which is free",
      (view) => view.setUint8(START + (FREE + 1) * BLOCK + 4, 3),
    ],
    [
      "the size of a free block is not what the block after it says",
      (view) => view.setUint32(START + (FREE + 1) * BLOCK, 512, true),
    ],
    ["the heap does not end in a footer", (view) => view.setUint32(PAGE - FOOTER + 4, 0, true)],
    [
      "a size is not a multiple of 16",
      (view) => view.setUint32(START + (BLOCKS - 1) * BLOCK + 4, (BLOCK + 8) | 3, true),
    ],
  ])("leaves a memory alone in which %s", async (_, change) => {
    const view = heap();
    change(view);
    const bytes = await component(view);
    expect(compactSnapshot(bytes)).toEqual(bytes);
  });

  test("moves the constants of the engine into the module that has its code", async () => {
    const view = heap();
    view.setUint32(START + 2 * BLOCK + 16, 0x21636f6e);
    const [engine] = readSections(
      await parse(`(component ${runnerModule('(data (i32.const 0) "!con") (data "x")')})`),
    );
    const memory = `(core module (memory (export "m") 1) (data (i32.const 0) "${escaped(view)}"))`;
    const before = await parse(`(component ${memory} ${runnerModule('(data "") (data "")')})`);
    const [holder, runner] = readSections(compactSnapshot(before, engine!.content));
    const at = START + 2 * BLOCK + 16;
    expect(memoryOf(compactSnapshot(before, engine!.content)).subarray(at, at + 4)).toEqual(
      new Uint8Array(4),
    );
    expect(Buffer.from(holder!.content).includes("!con")).toBe(false);
    expect(Buffer.from(runner!.content).includes("!con")).toBe(true);
    expect(memoryOf(compactSnapshot(before)).subarray(at, at + 4)).toEqual(new TextEncoder().encode("!con"));
  });

  test("leaves a module alone whose segments have no constant address", async () => {
    const bytes = await parse(
      `(component (core module (import "a" "b" (global i32)) (memory 1) (data (global.get 0) "text")))`,
    );
    expect(compactSnapshot(bytes)).toEqual(bytes);
  });
});
