import { AUDIT_FORMAT, macOf, type Link } from "./chain.ts";

/** What stands in the file beside a log: where its chain ended when it was last synced. */
export interface Head extends Link {
  /** Bytes of the log up to and with that line. */
  readonly bytes: number;
  /** True once the server has closed the log: no line follows. */
  readonly closed: boolean;
  /** What the mac is made of, and the mac, where the log is written with a key. */
  readonly signed?: { readonly bytes: string; readonly mac: string };
}

/** The most bytes of a head file. */
export const MAX_HEAD_BYTES = 512;

const COUNT = String.raw`(0|[1-9]\d{0,14})`;
const HEAD = new RegExp(
  String.raw`^(\{"format":"${AUDIT_FORMAT}","seq":${COUNT},"hash":"([0-9a-f]{64})","bytes":${COUNT},"closed":(true|false))(?:,"mac":"([0-9a-f]{64})")?\}\n$`,
);

/** The path of the head of a log. */
export function headPath(logPath: string): string {
  return `${logPath}.head`;
}

/** A head as the text of its file. */
export function headText(head: Omit<Head, "signed">, key: Uint8Array | undefined): string {
  const { seq, hash, bytes, closed } = head;
  const plain = JSON.stringify({ format: AUDIT_FORMAT, seq, hash, bytes, closed });
  return key === undefined ? `${plain}\n` : `${plain.slice(0, -1)},"mac":"${macOf(key, plain)}"}\n`;
}

/** Reads the text of a head file; nothing when it is none, byte for byte. */
export function parseHead(text: string): Head | undefined {
  const [, plain, seq, hash, bytes, closed, mac] = HEAD.exec(text) ?? [];
  if (plain === undefined) return undefined;
  return {
    seq: Number(seq),
    hash: hash!,
    bytes: Number(bytes),
    closed: closed === "true",
    ...(mac !== undefined && { signed: { bytes: `${plain}}`, mac } }),
  };
}
