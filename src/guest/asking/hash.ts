/// <reference lib="es2024.string" />

import { sha256 } from "@noble/hashes/sha2.js";

/** Text with one character for each byte of its UTF-8. */
function binaryOf(text: string): string {
  return unescape(encodeURIComponent(text.toWellFormed()));
}

/** How many bytes of UTF-8 a text has. */
export function utf8Length(text: string): number {
  return binaryOf(text).length;
}

function digest(text: string): Uint8Array<ArrayBuffer> {
  return sha256(Uint8Array.from(binaryOf(text), (character) => character.charCodeAt(0)));
}

/** 16 hexadecimal digits that tell texts apart. */
export function hashOf(text: string): string {
  return hexOf(digest(text).subarray(0, 8));
}

/** Bytes as hexadecimal digits. */
export function hexOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** A sequence of random bytes that depends on nothing but its seed: SHA-256 of the seed and a counter, block by block. */
export function randomSequence(seed: string): (length: number) => Uint8Array {
  let blocks = 0;
  let rest = new Uint8Array(0);
  return (length) => {
    const bytes = new Uint8Array(length);
    let filled = 0;
    while (filled < length) {
      if (rest.length === 0) {
        rest = digest(`${seed}:${blocks}`);
        blocks += 1;
      }
      const part = rest.subarray(0, length - filled);
      bytes.set(part, filled);
      rest = rest.subarray(part.length);
      filled += part.length;
    }
    return bytes;
  };
}
