// The allocator is dlmalloc, as wasi-libc has it for wasm32. A block starts with the size of the block before (if that
// is free), then its own size with two flags; sizes are multiples of 16. The last block of the heap is followed by a
// footer of 56 bytes at the end of the memory. In a free block at most the first 32 bytes hold links.
const PREVIOUS_IN_USE = 1;
const IN_USE = 2;
const FLAGS = 7;
const ALIGNMENT = 16;
/** Where the content of a block starts. It ends 4 bytes into the block after it. */
const BLOCK_HEADER = 8;
const LINKS = 32;
const FOOTER = 56;

/**
 * Clears what neither the engine nor its C library uses of a memory any more. False when the heap is not as the allocator's layout
 * says; then nothing has changed.
 *
 * @param heapBase Where the heap starts, a multiple of 16.
 */
export function clearFreeMemory(memory: Uint8Array, heapBase: number): boolean {
  const view = new DataView(memory.buffer, memory.byteOffset, memory.length);
  const heap = blocksFrom(view, heapBase + BLOCK_HEADER);
  for (const { address, size, inUse } of heap) {
    if (inUse) clearArena(view, address + BLOCK_HEADER, size - BLOCK_HEADER + 4);
    else if (size > LINKS) memory.fill(0, address + LINKS, address + size);
  }
  return heap.length > 0;
}

interface Block {
  address: number;
  size: number;
  inUse: boolean;
}

/** The blocks from an address to the footer; none unless every one of them is consistent. */
function blocksFrom(view: DataView, start: number): Block[] {
  const blocks: Block[] = [];
  const footer = view.byteLength - FOOTER;
  for (let address = start; address <= footer;) {
    const head = view.getUint32(address + 4, true);
    const size = head & ~FLAGS;
    if (address === footer) return size === FOOTER ? blocks : [];
    if (size < ALIGNMENT || size % ALIGNMENT !== 0) return [];
    const previous = blocks.at(-1);
    if (previous !== undefined) {
      if (((head & PREVIOUS_IN_USE) !== 0) !== previous.inUse) return [];
      if (!previous.inUse && view.getUint32(address, true) !== previous.size) return [];
    }
    blocks.push({ address, size, inUse: (head & IN_USE) !== 0 });
    address += size;
  }
  return [];
}

// The engine takes what it needs in small pieces from arenas of its own, each a block of about 4 KiB with pieces of one size.
// After two list links come the kind of size, the numbers of pieces in use and of all, and the first free piece; each
// piece has a header of 8 bytes: the number of the next free one, then the kind again.
const PIECE_SIZES = [
  16, 24, 32, 40, 48, 56, 64, 72, 80, 88, 96, 104, 112, 120, 128, 144, 160, 176, 192, 208, 224, 240, 256, 288,
  320, 352, 384, 416, 448, 480, 512,
];
const ARENA = 4096;
const ARENA_HEADER = 24;
const PIECE_HEADER = 8;
const NO_PIECE = 0xffff;

/** Clears the free pieces of a block that is an arena. A block that is none has no such list of free pieces. */
function clearArena(view: DataView, start: number, size: number): void {
  if (size < ARENA_HEADER) return;
  const kind = view.getUint8(start + 16);
  const pieceSize = PIECE_SIZES[kind];
  const [used, count] = [view.getUint16(start + 18, true), view.getUint16(start + 20, true)];
  if (pieceSize === undefined || count !== Math.floor((ARENA - ARENA_HEADER) / pieceSize)) return;
  if (used > count || ARENA_HEADER + count * pieceSize > size) return;
  const free = new Set<number>();
  for (let next = view.getUint16(start + 22, true); next !== NO_PIECE;) {
    if (next >= count || free.has(next)) return;
    free.add(next);
    const piece = start + ARENA_HEADER + next * pieceSize;
    if (view.getUint8(piece + 2) !== kind) return;
    next = view.getUint16(piece, true);
  }
  if (free.size !== count - used) return;
  for (const piece of free) {
    const at = start + ARENA_HEADER + piece * pieceSize + PIECE_HEADER;
    new Uint8Array(view.buffer, view.byteOffset + at, pieceSize - PIECE_HEADER).fill(0);
  }
}
