/** Lays out the constants of a generated core module's memory. */
export class StaticMemory {
  #end = 16;
  #segments: string[] = [];
  #strings = new Map<string, { at: number; length: number }>();

  /** Places a text, once however often it is asked for. */
  text(text: string): { at: number; length: number } {
    const known = this.#strings.get(text);
    if (known !== undefined) return known;
    const bytes = new TextEncoder().encode(text);
    const placed = { at: this.#end, length: bytes.length };
    this.#place(bytes);
    this.#strings.set(text, placed);
    return placed;
  }

  /** Places 32-bit words, negative ones in two's complement, and gives their address. */
  words(words: readonly number[]): number {
    const at = this.reserve(0, 4);
    const bytes = new DataView(new ArrayBuffer(words.length * 4));
    words.forEach((word, i) => bytes.setUint32(i * 4, word, true));
    this.#place(new Uint8Array(bytes.buffer));
    return at;
  }

  /** Sets zeroed bytes aside and gives their address. */
  reserve(size: number, align = 8): number {
    this.#end = Math.ceil(this.#end / align) * align;
    const at = this.#end;
    this.#end += size;
    return at;
  }

  /** Pages of memory to begin with: the constants, and some room to allocate in. */
  pages(): number {
    return Math.ceil((this.reserve(0, 16) + 0x8000) / 0x10000);
  }

  /**
   * The text of the memory, its constants and an allocator over what is left. `$reset` gives up everything allocated;
   * there is no other way to free.
   *
   * @param from Name of a module whose memory of {@link pages} is used. Default: the module has its own, and exports it.
   */
  toText(from?: string): string {
    const pages = this.pages();
    const heap = this.reserve(0, 16);
    return `
  ${from === undefined ? `(memory (export "memory") ${pages})` : `(import "${from}" "memory" (memory ${pages}))`}
  ${this.#segments.join("\n  ")}
  (global $heap (mut i32) (i32.const ${heap}))
  (func $reset (global.set $heap (i32.const ${heap})))
  (func $allocate (export "cabi_realloc") (param $old i32) (param $old-size i32) (param $align i32) (param $size i32) (result i32)
    (local $at i32) (local $end i64)
    ;; the newest allocation grows in place
    (if (i32.and (i32.ne (local.get $old-size) (i32.const 0))
                 (i32.eq (i32.add (local.get $old) (local.get $old-size)) (global.get $heap)))
      (then (local.set $at (local.get $old)))
      (else
        (local.set $at (i32.and (i32.add (global.get $heap) (i32.sub (local.get $align) (i32.const 1)))
                                (i32.sub (i32.const 0) (local.get $align))))
        (if (i32.lt_u (local.get $at) (global.get $heap)) (then unreachable))))
    (local.set $end (i64.add (i64.extend_i32_u (local.get $at)) (i64.extend_i32_u (local.get $size))))
    (if (i64.gt_u (local.get $end) (i64.const 0xffff0000)) (then unreachable))
    (if (i64.gt_u (local.get $end) (i64.shl (i64.extend_i32_u (memory.size)) (i64.const 16)))
      (then (if (i32.eq (i32.const -1)
                  (memory.grow (i32.sub (i32.wrap_i64 (i64.shr_u (i64.add (local.get $end) (i64.const 0xffff)) (i64.const 16)))
                                        (memory.size))))
              (then unreachable))))
    (if (i32.and (i32.ne (local.get $old-size) (i32.const 0)) (i32.ne (local.get $at) (local.get $old)))
      (then (memory.copy (local.get $at) (local.get $old)
        (select (local.get $old-size) (local.get $size) (i32.lt_u (local.get $old-size) (local.get $size))))))
    (global.set $heap (i32.wrap_i64 (local.get $end)))
    (local.get $at))`;
  }

  #place(bytes: Uint8Array): void {
    if (bytes.length > 0) this.#segments.push(`(data (i32.const ${this.#end}) "${escaped(bytes)}")`);
    this.#end += bytes.length;
  }
}

/** Bytes as the inside of a string of WebAssembly text. */
function escaped(bytes: Uint8Array): string {
  return Buffer.from(bytes)
    .toString("latin1")
    .replace(/[^ !#-[\]-~]/g, (byte) => `\\${byte.charCodeAt(0).toString(16).padStart(2, "0")}`);
}

/** The text of `$equal`, which compares two ranges of equal length. */
export const EQUAL = `
  (func $equal (param $a i32) (param $b i32) (param $length i32) (result i32)
    (loop $next
      (if (i32.eqz (local.get $length)) (then (return (i32.const 1))))
      (if (i32.ne (i32.load8_u (local.get $a)) (i32.load8_u (local.get $b))) (then (return (i32.const 0))))
      (local.set $a (i32.add (local.get $a) (i32.const 1)))
      (local.set $b (i32.add (local.get $b) (i32.const 1)))
      (local.set $length (i32.sub (local.get $length) (i32.const 1)))
      (br $next))
    unreachable)`;

/**
 * The text of `$find`: the address of the row whose name is given, or 0. Rows are 16 bytes: the name's address and
 * length, then two words of the row's own. Lengths are compared first, so that most rows cost one comparison.
 */
export const FIND = `${EQUAL}
  (func $find (param $row i32) (param $rows i32) (param $at i32) (param $length i32) (result i32)
    (loop $next
      (if (i32.eqz (local.get $rows)) (then (return (i32.const 0))))
      (if (i32.eq (i32.load offset=4 (local.get $row)) (local.get $length))
        (then (if (call $equal (i32.load (local.get $row)) (local.get $at) (local.get $length))
          (then (return (local.get $row))))))
      (local.set $row (i32.add (local.get $row) (i32.const 16)))
      (local.set $rows (i32.sub (local.get $rows) (i32.const 1)))
      (br $next))
    unreachable)`;
