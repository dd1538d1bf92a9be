// The allocator: what a call takes is given back all at once when its outcome has been read. What is taken before the first call
// ends with `keep` stays for the life of the instance.

/** Everything behind it is free. */
let end: usize = (__heap_base + 7) & ~7;
/** What is before it stays. */
let kept: usize = 0;

/** Takes bytes; the component traps where the host gives no more memory. */
@global @unsafe
export function __alloc(size: usize): usize {
  const start = end;
  const next: usize = (start + size + 7) & ~7;
  if (next < start) unreachable();
  const pages = <i32>((next + 0xffff) >> 16) - memory.size();
  // At least double, so that a text that grows is moved a few times only.
  if (pages > 0 && memory.grow(max(pages, memory.size())) < 0 && memory.grow(pages) < 0) unreachable();
  end = next;
  return start;
}

/** The compiler reads the class and the size of an object in front of it. */
const HEADER: usize = 24;

@global @unsafe
export function __new(size: usize, id: u32): usize {
  const start = __alloc(HEADER + size);
  // Objects are small: the instruction that fills memory takes longer.
  for (let at = start; at < start + HEADER + size; at += 8) store<u64>(at, 0);
  const object = start + HEADER;
  store<u32>(object - 8, id);
  store<u32>(object - 4, <u32>size);
  return object;
}

@global @unsafe
export function __link(_parent: usize, _child: usize, _several: bool): void {}

/** What the host writes arguments and results into. */
export function realloc(old: usize, oldSize: usize, _align: usize, size: usize): usize {
  if (oldSize > 0 && old + ((oldSize + 7) & ~7) == end) {
    end = old;
    return __alloc(size);
  }
  const start = __alloc(size);
  memory.copy(start, old, min(oldSize, size));
  return start;
}

/** What was taken until now stays. For values that are made once, before anything of a call. */
export function keep(): void {
  kept = end;
}

/** Gives back what was taken since the last `keep`. */
export function release(): void {
  if (kept == 0) kept = (__heap_base + 7) & ~7;
  end = kept;
}

/** What was taken so far, for `giveBackTo`. */
export function taken(): usize {
  return end;
}

/** Gives back what a call took since then, which nothing may hold any more. */
export function giveBackTo(before: usize): void {
  end = before;
}
