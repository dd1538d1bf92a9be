import { createHash, createHmac, timingSafeEqual } from "node:crypto";

/** What the first line of a file says it is. */
export const AUDIT_FORMAT = "tenon-audit/1";
/** Bytes a line may have, with its line feed. Writers keep to an eighth of it, so that a line can quote another. */
export const MAX_LINE_BYTES = 1024 * 1024;

/** Where a chain stands: its last line. */
export interface Link {
  /** Number of the line; the first of a file is 0. */
  readonly seq: number;
  /** SHA-256 of the bytes of the line without its line feed, in hexadecimal digits. */
  readonly hash: string;
}

/** Before the first line. */
export const START: Link = { seq: -1, hash: "0".repeat(64) };

/** What a chain says in a line of its own. */
export interface ChainMembers extends Link {
  /** The hash of the line before, as this one has it. */
  readonly prev: string;
  /** The bytes its mac is made of, and the mac; absent where it has none. */
  readonly signed: { readonly bytes: Uint8Array; readonly mac: string } | undefined;
}

const MEMBERS = /^\{"seq":(0|[1-9]\d{0,14}),"prev":"([0-9a-f]{64})",/;
const LONGEST_MEMBERS = 120;
const MAC = /^,"mac":"([0-9a-f]{64})"\}$/;
const MAC_BYTES = ',"mac":""}'.length + 64;
const END = Buffer.from("}");

/**
 * Chains one line to the one before: its own members follow the number and the hash of that line.
 *
 * @param line A JSON object with at least one member, without line feed.
 * @param key Adds an HMAC-SHA-256 as the last member. It covers the line as it is without that member.
 * @returns the line without line feed, and where the chain stands with it
 */
export function chainLine(
  last: Link,
  line: string,
  key: Uint8Array | undefined,
): { line: string; link: Link } {
  const seq = last.seq + 1;
  const plain = `{"seq":${seq},"prev":"${last.hash}",${line.slice(1)}`;
  const chained = key === undefined ? plain : `${plain.slice(0, -1)},"mac":"${macOf(key, plain)}"}`;
  return { line: chained, link: { seq, hash: hashOf(chained) } };
}

/** Reads what a line says of its place; nothing when it says none. */
export function readChainMembers(line: Buffer): ChainMembers | undefined {
  const [, seq, prev] = MEMBERS.exec(line.toString("latin1", 0, LONGEST_MEMBERS)) ?? [];
  if (seq === undefined || prev === undefined) return undefined;
  const [, mac] = MAC.exec(line.toString("latin1", Math.max(0, line.length - MAC_BYTES))) ?? [];
  const signed = mac === undefined ? undefined : { bytes: withoutMac(line), mac };
  return { seq: Number(seq), prev, hash: hashOf(line), signed };
}

function withoutMac(line: Buffer): Buffer {
  return Buffer.concat([line.subarray(0, line.length - MAC_BYTES), END]);
}

/** SHA-256 in hexadecimal digits. */
export function hashOf(bytes: Uint8Array | string): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** HMAC-SHA-256 in hexadecimal digits. */
export function macOf(key: Uint8Array, bytes: Uint8Array | string): string {
  return createHmac("sha256", key).update(bytes).digest("hex");
}

/** True when a mac is that of the bytes under the key. */
export function isMac(key: Uint8Array, { bytes, mac }: { bytes: Uint8Array | string; mac: string }): boolean {
  return timingSafeEqual(Buffer.from(macOf(key, bytes)), Buffer.from(mac));
}
