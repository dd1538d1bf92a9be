import { bytesOf } from "../buffer-source.ts";
import { DOMException } from "../dom-exception.ts";

/** What functions of `crypto.subtle` are told to compute: a name, or more about it. */
export type Algorithm =
  | string
  | { readonly name?: unknown; readonly hash?: Algorithm; readonly namedCurve?: unknown };

/** What a key is for. */
export type KeyUsage = "sign" | "verify";

/** The name of an algorithm, in capital letters. */
export function nameOf(algorithm: Algorithm): string {
  const name = typeof algorithm === "object" && algorithm !== null ? algorithm.name : algorithm;
  return String(name).toUpperCase();
}

/** What an algorithm says of its hash. */
export function hashOf(algorithm: Algorithm): Algorithm {
  return (typeof algorithm === "object" && algorithm.hash) || "";
}

/** @param what Subject and verb, such as `The hash "MD5" is`. */
export function notSupported(what: string): Error {
  return new DOMException(`${what} not supported in components`, "NotSupportedError");
}

/** A copy: the caller may change its own before the result is there. */
export function copyOf(data: unknown): Uint8Array {
  const bytes = bytesOf(data);
  if (bytes === undefined) throw new TypeError("The data is neither an ArrayBuffer nor a view of one");
  return bytes.slice();
}
