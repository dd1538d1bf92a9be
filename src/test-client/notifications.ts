import type { Change, Progress } from "./test-client.ts";

/** What components have told a client so far. */
export interface Notifications {
  readonly progress: readonly Progress[];
  readonly changes: readonly Change[];
  /** Takes a notification as JSON. */
  take: (message: string) => void;
}

const LIST_CHANGED = /^notifications\/(tools|prompts|resources)\/list_changed$/;

/** Keeps what components tell a client. */
export function keepNotifications(): Notifications {
  const progress: Progress[] = [];
  const changes: Change[] = [];
  return {
    progress,
    changes,
    take(message) {
      const { method, params } = JSON.parse(message) as { method: string; params: Record<string, unknown> };
      const list = LIST_CHANGED.exec(method)?.[1] as "tools" | "prompts" | "resources" | undefined;
      if (list !== undefined) changes.push({ list });
      else if (method === "notifications/resources/updated") changes.push({ uri: params["uri"] as string });
      else if (method === "notifications/progress") {
        const { progressToken: _token, ...report } = params;
        progress.push(report as unknown as Progress);
      }
    },
  };
}
