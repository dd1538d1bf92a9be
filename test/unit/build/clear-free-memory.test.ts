import { describe, expect, test } from "vitest";
import { clearFreeMemory } from "../../../src/build/clear-free-memory.ts";

const PAGE = 65_536;
const FOOTER = 56;
const BLOCK = 256;
/** What lies before the heap. */
const HEAP_BASE = BLOCK;
const START = HEAP_BASE + 8;
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

/** The memory after it was cleared. */
function cleared(view: DataView): { memory: Uint8Array; known: boolean } {
  const memory = new Uint8Array(view.buffer.slice(0));
  return { known: clearFreeMemory(memory, HEAP_BASE), memory };
}

describe("clearFreeMemory()", () => {
  test("clears what free blocks hold, but for the allocator's links, and nothing else", () => {
    const view = heap();
    const expected = new Uint8Array(view.buffer.slice(0));
    const [free, last] = [START + FREE * BLOCK, START + BLOCKS * BLOCK];
    expected.fill(0, free + 32, free + BLOCK);
    expected.fill(0, last + 32, PAGE - FOOTER);
    expect(cleared(view)).toEqual({ memory: expected, known: true });
  });

  test("clears the free pieces of the engine's arenas, but for their headers", () => {
    const view = withArena();
    const { memory } = cleared(view);
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
  ])("leaves a block alone that %s", (_, change) => {
    const view = withArena();
    change(view);
    const { memory } = cleared(view);
    expect(memory.subarray(ARENA, piece(7))).toEqual(new Uint8Array(view.buffer, ARENA, piece(7) - ARENA));
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
  ])("leaves a memory alone in which %s", (_, change) => {
    const view = heap();
    change(view);
    expect(cleared(view)).toEqual({ memory: new Uint8Array(view.buffer), known: false });
  });
});
