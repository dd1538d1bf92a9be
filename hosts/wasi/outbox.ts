import { write } from "tenon:host/log@0.1.0";
import {
  createNotificationFilter,
  DEFAULT_SCAN_LIMITS,
  type NotificationFilter,
  type Wanted,
} from "../../src/protocol/index.ts";

/** What `open` of `tenon:streaming/reply` is given as JSON. */
export interface Heard extends Wanted {
  /** Names the call to whoever reads the log. */
  call: string;
  requestId?: string;
  /** Fields of the head of an event stream, where they are not those that every stream has. */
  headers?: [string, string][];
}

/** Sends a notification, given as JSON on one line. False once the client has gone away. */
export type SendNotification = (text: string) => boolean;

interface OpenCall {
  heard: Heard;
  filter: NotificationFilter;
  send: SendNotification;
  unread: number;
}

let open: OpenCall | undefined;

/** `tenon:mcp/outbox`: what a component notifies between {@link openOutbox} and {@link closeOutbox} goes to the client. */
export const outbox = {
  notify(message: string): void {
    const text = open?.filter.pass(message);
    if (open === undefined || text === undefined) return;
    if (open.unread > 0 || !open.send(text)) open.unread++;
  },
  cancelled: (): boolean => open !== undefined && open.unread > 0,
};

/** Begins a call, whatever became of the one before. */
export function openOutbox(heard: Heard, send: SendNotification): void {
  open = { heard, send, filter: createNotificationFilter(heard, DEFAULT_SCAN_LIMITS), unread: 0 };
}

/** Ends the call, and logs how much was dropped. */
export function closeOutbox(): void {
  if (open === undefined) return;
  const { heard, filter, unread } = open;
  open = undefined;
  logDropped(heard, filter.dropped, "malformed, or over a limit");
  logDropped(heard, unread, "the client does not read");
}

function logDropped({ call, requestId }: Heard, count: number, why: string): void {
  if (count === 0) return;
  write({
    level: "warning",
    source: "host",
    message: `${count} notifications of ${call} were dropped: ${why}`,
    fields: requestId === undefined ? undefined : JSON.stringify({ requestId }),
  });
}
