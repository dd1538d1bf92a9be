import { encodeUtf8 } from "./utf8.ts";

/** @see https://encoding.spec.whatwg.org/#interface-textencoder */
export class TextEncoder {
  get encoding(): string {
    return "utf-8";
  }

  encode(text: unknown = ""): Uint8Array<ArrayBuffer> {
    return encodeUtf8(String(text));
  }

  encodeInto(text: unknown, target: Uint8Array): { read: number; written: number } {
    if (!(target instanceof Uint8Array)) throw new TypeError("encodeInto needs a Uint8Array");
    const source = String(text);
    let bytes = encodeUtf8(source);
    let read = source.length;
    if (bytes.length > target.length) {
      read = 0;
      let length = 0;
      for (const character of source) {
        const size = utf8Length(character.codePointAt(0)!);
        if (length + size > target.length) break;
        length += size;
        read += character.length;
      }
      bytes = bytes.subarray(0, length);
    }
    target.set(bytes);
    return { read, written: bytes.length };
  }

  get [Symbol.toStringTag](): string {
    return "TextEncoder";
  }
}

function utf8Length(codePoint: number): number {
  if (codePoint < 0x80) return 1;
  if (codePoint < 0x800) return 2;
  return codePoint < 0x1_0000 ? 3 : 4;
}
