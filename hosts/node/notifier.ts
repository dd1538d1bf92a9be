import type { Call } from "../../src/protocol/index.ts";
import { report, type LogSink } from "./host-log.ts";
import { requestIdOf } from "./request-id.ts";

/** Sends the notifications of one call. */
export interface Notifier {
  notify: (message: string) => void;
  /** Logs how many were dropped, when the call has ended. */
  end(): void;
}

/**
 * Sends what a call notifies while it runs.
 *
 * @param isStalled Whether the client leaves as much unread as it may.
 */
export function createNotifier<Answer>(
  call: Call<Answer>,
  log: LogSink,
  { isStalled, send }: { isStalled: () => boolean; send: (part: Answer) => void },
): Notifier {
  let unread = 0;
  return {
    notify(message) {
      const part = call.notify(message);
      if (part === undefined) return;
      if (isStalled()) unread++;
      else send(part);
    },
    end() {
      if (call.dropped === 0 && unread === 0) return;
      const { method, target } = call.request;
      const requestId = requestIdOf(call.context);
      const what = `notifications of ${method}${target === undefined ? "" : ` "${target}"`} were dropped`;
      if (call.dropped > 0) {
        report(log, "warning", `${call.dropped} ${what}: malformed, or over a limit`, requestId);
      }
      if (unread > 0) report(log, "warning", `${unread} ${what}: the client does not read`, requestId);
    },
  };
}
