import type { ServerResponse } from "node:http";
import type { Limits } from "./limits/resolve-limits.ts";

/** The answers that clients have not read yet. */
export interface UnreadAnswers {
  /** Looks after an answer until it is read, from when its request is taken on. */
  watch(response: ServerResponse): void;
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
 */
export function createUnreadAnswers({
  readMs,
  unreadBytes,
}: Pick<Limits["http"], "readMs" | "unreadBytes">): UnreadAnswers {
  /** When each was first seen to have something unread; since then it always had. */
  const open = new Map<ServerResponse, number | undefined>();

  function look(): void {
    const now = performance.now();
    const unread: { response: ServerResponse; since: number; bytes: number }[] = [];
    let total = 0;
    for (const [response, seen] of open) {
      const bytes = response.writableLength;
      const since = bytes === 0 ? undefined : (seen ?? now);
      open.set(response, since);
      if (since === undefined) continue;
      total += bytes;
      unread.push({ response, since, bytes });
    }
    unread.sort((a, b) => a.since - b.since);
    for (const { response, since, bytes } of unread) {
      if (now - since < readMs && total <= unreadBytes) break;
      total -= bytes;
      response.destroy();
    }
  }

  const timer = setInterval(look, Math.min(MAX_LOOK_MS, readMs / LOOKS)).unref();
  return {
    watch(response) {
      open.set(response, undefined);
      response.once("close", () => open.delete(response));
    },
    added: look,
    close: () => clearInterval(timer),
  };
}
