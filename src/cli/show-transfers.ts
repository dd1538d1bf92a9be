import type { TransferProgress } from "../oci/index.ts";
import { formatSize } from "./format.ts";

const PATIENCE_MS = 1000;
const WIDTH = 24;

/** A bar on a terminal for transfers that take more than a second; nothing elsewhere. */
export function showTransfers(
  terminal: Pick<NodeJS.WriteStream, "isTTY" | "write">,
  now: () => number = Date.now,
): (progress: TransferProgress) => void {
  if (!terminal.isTTY) return () => undefined;
  const started = new Map<string, number>();
  let last = "";
  return ({ what, doneBytes, totalBytes }) => {
    const from = started.get(what) ?? now();
    started.set(what, from);
    if (now() - from < PATIENCE_MS) return;
    const done = totalBytes === 0 ? 1 : doneBytes / totalBytes;
    const filled = Math.round(done * WIDTH);
    const bar = `${"#".repeat(filled)}${"-".repeat(WIDTH - filled)}`;
    const line = `${what.slice(0, 19)} [${bar}] ${formatSize(doneBytes)} of ${formatSize(totalBytes)}`;
    if (line === last) return;
    last = line;
    terminal.write(`\r\u001b[2K${line}${done === 1 ? "\n" : ""}`);
  };
}
