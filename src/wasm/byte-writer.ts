/** Collects bytes in WebAssembly's primitive encodings. */
export class ByteWriter {
  #chunks: Uint8Array[] = [];
  #length = 0;

  /** Appends single bytes, each 0 to 255. */
  u8(...bytes: number[]): this {
    return this.bytes(Uint8Array.from(bytes));
  }

  /** Appends an unsigned 32-bit integer in LEB128, in as few bytes as it needs. */
  u32(value: number): this {
    if (!Number.isInteger(value) || value < 0 || value > 0xffff_ffff) {
      throw new TypeError(`${value} is not an unsigned 32-bit integer`);
    }
    const encoded: number[] = [];
    let rest = value;
    do {
      const low = rest % 0x80;
      rest = Math.floor(rest / 0x80);
      encoded.push(rest > 0 ? low | 0x80 : low);
    } while (rest > 0);
    return this.u8(...encoded);
  }

  /** Appends a name: its length in bytes, then UTF-8. */
  name(text: string): this {
    const encoded = new TextEncoder().encode(text);
    return this.u32(encoded.length).bytes(encoded);
  }

  /** Appends bytes as they are. They are copied when the writer finishes, so they must not change before. */
  bytes(bytes: Uint8Array): this {
    this.#chunks.push(bytes);
    this.#length += bytes.length;
    return this;
  }

  /** Appends a section: its id, its size in bytes, its content. */
  section(id: number, content: Uint8Array): this {
    return this.u8(id).u32(content.length).bytes(content);
  }

  /** Everything appended so far, in one array of its own. */
  finish(): Uint8Array {
    const out = new Uint8Array(this.#length);
    let at = 0;
    for (const chunk of this.#chunks) {
      out.set(chunk, at);
      at += chunk.length;
    }
    return out;
  }
}
