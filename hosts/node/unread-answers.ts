import type { ServerResponse } from "node:http";
import type { Limits } from "./limits/resolve-limits.ts";

/** The answers that clients have not read yet. */
export interface UnreadAnswers {
  /** Says that much was added to an answer at once. */
  added(): void;
  /** Looks after nothing any more. */
  close(): void;
}

/** An answer is looked at this often in the time its client has. */
const LOOKS = 10;
const MAX_LOOK_MS = 1000;

/**
 * Cuts off clients that do not read: whoever leaves something unread for `readMs`, and while all together leave more than
 * `unreadBytes`, whoever has done so for longest. What the system has taken over counts as read.
 *
 * @param open Gives the answers of all requests that were taken on and are not read yet.
 */
export function createUnreadAnswers(
  open: () => Iterable<ServerResponse>,
  { readMs, unreadBytes }: Pick<Limits["http"], "readMs" | "unreadBytes">,
): UnreadAnswers {
  /** When each that leaves something unread was first seen to; since then it always did. */
  let seen = new Map<ServerResponse, number>();

  function look(): void {
    const now = performance.now();
    const unread: { response: ServerResponse; since: number; bytes: number }[] = [];
    let total = 0;
    for (const response of open()) {
      const bytes = response.writableLength;
      if (bytes === 0) continue;
      total += bytes;
      unread.push({ response, since: seen.get(response) ?? now, bytes });
    }
    seen = new Map(unread.map(({ response, since }) => [response, since]));
    unread.sort((a, b) => a.since - b.since);
    for (const { response, since, bytes } of unread) {
      if (now - since < readMs && total <= unreadBytes) break;
      total -= bytes;
      response.destroy();
    }
  }

  const timer = setInterval(look, Math.min(MAX_LOOK_MS, readMs / LOOKS)).unref();
  return {
    added: look,
    close: () => clearInterval(timer),
  };
}
