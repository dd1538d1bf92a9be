import { AUDIT_FORMAT, isMac, MAX_LINE_BYTES, readChainMembers, START, type Link } from "./chain.ts";
import type { Head } from "./head.ts";
import { splitLines } from "./split-lines.ts";

/** One thing that is wrong with a log. */
export interface Finding {
  /** Line of the file, from 1; absent for what is wrong with the file as a whole. */
  readonly line?: number;
  /** A sentence part. */
  readonly problem: string;
}

/** What a log is compared with. */
export interface VerifyOptions {
  /** Its head; nothing when there is none to compare with. */
  readonly head: Head | undefined;
  /** The key it was written with; nothing leaves macs unchecked. */
  readonly key: Uint8Array | undefined;
  /** Where the lines begin. Default: at the start of a file, whose first line says what it is. */
  readonly after?: { readonly link: Link; readonly bytes: number; readonly keyed: boolean };
}

/** What is known of a log once it was read. */
export interface Verification {
  /** Whole lines. */
  readonly lines: number;
  /** Where the chain ends. */
  readonly last: Link;
  /** Bytes of whole lines. */
  readonly bytes: number;
  /** True for a log that says it was written with a key. */
  readonly keyed: boolean;
  /** What is wrong, in order; the first 100. */
  readonly findings: readonly Finding[];
  /** How many things are wrong. */
  readonly findingCount: number;
  /** Lines behind the head: such as a server writes in its last second before it dies. */
  readonly behindHead: number;
  /** What follows the last line feed. */
  readonly cutOff: Uint8Array;
}

const MAX_FINDINGS = 100;

/**
 * Reads a log and finds every line that was changed, removed, added or moved since it was written, as far as its head and the
 * key can tell. Memory is bounded by the longest line, 1 MiB.
 */
export async function verifyAuditLog(
  log: AsyncIterable<Uint8Array>,
  { head, key, after }: VerifyOptions,
): Promise<Verification> {
  const findings: Finding[] = [];
  let findingCount = 0;
  let last: Link | undefined = after?.link ?? START;
  let expected = last.seq + 1;
  let keyed = after?.keyed ?? false;
  let bytes = after?.bytes ?? 0;
  let lines = 0;
  let headSeen = after !== undefined;
  let cutOff: Uint8Array = new Uint8Array(0);

  function find(problem: string, line?: number): void {
    findingCount++;
    if (findings.length < MAX_FINDINGS) findings.push({ ...(line !== undefined && { line }), problem });
  }

  function check(line: Buffer, number: number): void {
    const members = readChainMembers(line);
    if (members === undefined) {
      find("it is not a line of an audit log", number);
      last = undefined;
      expected++;
      return;
    }
    const { seq, prev, hash, signed } = members;
    if (seq > expected) {
      find(`${count(seq - expected)} missing before it: it has seq ${seq}, and ${expected} follows`, number);
    } else if (seq < expected) {
      find(`it is not in its place: it has seq ${seq}, and ${expected} follows`, number);
    } else if (last !== undefined && prev !== last.hash) {
      find(
        number === 1
          ? "a first line follows no other"
          : `it does not join line ${number - 1}: one of the two was changed`,
        number,
      );
    }
    if (number === 1 && after === undefined) {
      const opening = readOpening(line);
      if (opening === undefined) find(`it does not open a log of the format ${AUDIT_FORMAT}`, number);
      keyed = opening?.keyed ?? signed !== undefined;
      if (!keyed && key !== undefined) find("the log was written without a key", number);
    }
    if (keyed && signed === undefined) find("it has no mac, and the log is written with a key", number);
    if (key !== undefined && signed !== undefined && !isMac(key, signed)) {
      find("its mac is not that of the key: it was changed, or written with another key", number);
    }
    last = { seq, hash };
    expected = seq + 1;
    if (head?.seq === seq && !headSeen) {
      headSeen = true;
      if (head.hash !== hash) find("it is not the line that the head file names: it was changed", number);
      else if (head.bytes !== bytes && findingCount === 0)
        find(`it ends at byte ${bytes}, and the head file says ${head.bytes}`, number);
    }
  }

  for await (const { line, length, isWhole } of splitLines(log, MAX_LINE_BYTES)) {
    if (!isWhole) {
      cutOff = line ?? new Uint8Array(0);
      if (head?.closed !== false) find("it is cut off: it has no line feed", lines + 1);
      continue;
    }
    lines++;
    bytes += length;
    if (line === undefined) {
      find(`it has more than ${MAX_LINE_BYTES} bytes`, lines);
      last = undefined;
      expected++;
    } else {
      check(line, lines);
    }
  }

  const behindHead = head === undefined ? 0 : Math.max(0, expected - 1 - head.seq);
  if (head !== undefined) {
    if (key !== undefined && keyed && !(head.signed !== undefined && isMac(key, head.signed))) {
      find("the head file has no mac of the key: it was changed, or written with another key");
    }
    if (keyed !== (head.signed !== undefined) && (key === undefined || !keyed)) {
      find(
        `the head file was written ${keyed ? "without" : "with"} a key, and the log ${keyed ? "with" : "without"} one`,
      );
    }
    if (expected <= head.seq) {
      find(`${count(head.seq + 1 - expected)} missing at the end: the head file names seq ${head.seq}`);
    } else if (!headSeen) {
      find(`there is no line with seq ${head.seq}, which the head file names`);
    }
    if (head.closed && behindHead > 0) {
      find(`${behindHead === 1 ? "1 line was" : `${behindHead} lines were`} added after the log was closed`);
    }
  } else if (lines === 0) {
    find("it has no line");
  }
  return {
    lines,
    last: last ?? { seq: expected - 1, hash: "" },
    bytes,
    keyed,
    findings,
    findingCount,
    behindHead,
    cutOff,
  };
}

function count(lines: number): string {
  return lines === 1 ? "1 line is" : `${lines} lines are`;
}

function readOpening(line: Buffer): { keyed: boolean } | undefined {
  try {
    const { fields } = JSON.parse(line.toString("utf8")) as {
      fields?: { format?: unknown; keyed?: unknown };
    };
    return fields?.format === AUDIT_FORMAT && typeof fields.keyed === "boolean"
      ? { keyed: fields.keyed }
      : undefined;
  } catch {
    return undefined;
  }
}
