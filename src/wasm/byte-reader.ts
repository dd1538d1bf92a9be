import { ToolkitError } from "../errors/index.ts";

/**
 * Reads WebAssembly's primitive values with every length checked against the bytes that remain. Offsets in errors
 * are absolute in the file, which is what `base` is for when `bytes` is a part of one.
 */
export class ByteReader {
  #bytes: Uint8Array;
  #base: number;
  #at = 0;

  constructor(bytes: Uint8Array, base = 0) {
    this.#bytes = bytes;
    this.#base = base;
  }

  /** Position within the bytes given, from 0. */
  get position(): number {
    return this.#at;
  }

  /** Bytes not read yet. */
  get remaining(): number {
    return this.#bytes.length - this.#at;
  }

  /**
   * The next byte.
   *
   * @throws ToolkitError `ERR_WASM_DECODE` at the end.
   */
  u8(): number {
    const byte = this.#bytes[this.#at];
    if (byte === undefined) throw this.error("unexpected end");
    this.#at++;
    return byte;
  }

  /**
   * An unsigned 32-bit integer in LEB128: at most five bytes, and no bits beyond the 32nd.
   *
   * @throws ToolkitError `ERR_WASM_DECODE` when it is over-long or cut short.
   * @see https://webassembly.github.io/spec/core/binary/values.html#integers
   */
  u32(): number {
    const start = this.#at;
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.u8();
      if (shift === 28 && byte > 0x0f) throw this.error("integer is longer than 32 bits", start);
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
    throw this.error("integer is longer than 32 bits", start);
  }

  /**
   * A view of the next `length` bytes, without copying them.
   *
   * @throws ToolkitError `ERR_WASM_DECODE` when fewer remain.
   */
  take(length: number, what: string): Uint8Array {
    if (length > this.remaining) {
      throw this.error(`${what} of ${length} bytes where ${this.remaining} remain`);
    }
    const taken = this.#bytes.subarray(this.#at, this.#at + length);
    this.#at += length;
    return taken;
  }

  /**
   * A name: its length in bytes, then UTF-8.
   *
   * @throws ToolkitError `ERR_WASM_DECODE` when it is cut short or not UTF-8.
   */
  name(): string {
    const length = this.u32();
    const start = this.#at;
    const bytes = this.take(length, "name");
    try {
      return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    } catch (cause) {
      throw this.error("name is not UTF-8", start, cause);
    }
  }

  /** An error at a position, by default the current one. */
  error(state: string, position: number = this.#at, cause?: unknown): ToolkitError {
    const offset = `0x${(this.#base + position).toString(16)}`;
    return new ToolkitError(`Cannot decode WebAssembly: ${state} (at offset ${offset})`, {
      code: "ERR_WASM_DECODE",
      ...(cause === undefined ? {} : { cause }),
    });
  }
}
