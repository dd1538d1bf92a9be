import { topicOf, type Changes } from "./changes.ts";
import { isAtLeast, isLogLevel, type LogLevel } from "./log-levels.ts";
import { isObject, type JsonObject } from "./message.ts";
import { scanJson, type ScanLimits } from "./scan-json.ts";

/** Notifications of components that are looked at in one call; what comes after is dropped. */
export const MAX_NOTIFICATIONS = 1000;
/** UTF-16 units that one notification may have. */
export const MAX_NOTIFICATION_LENGTH = 64 * 1024;
/** UTF-16 units that the notifications sent in one call may have together. */
export const MAX_NOTIFICATIONS_LENGTH = 1024 * 1024;

/** Names the request in its progress notifications; chosen by the client. */
export type ProgressToken = string | number;

/** What the client of one request wants to hear while it waits. */
export interface Wanted {
  progressToken: ProgressToken | undefined;
  /** Least severe level of log messages; none are sent without it. */
  logLevel: LogLevel | undefined;
}

/** Lets through what the client of one request is to be sent of what components notify; changes go where they are heard of. */
export interface NotificationFilter {
  /** The notification as JSON text on one line; nothing when it is not for this client. */
  pass(message: string): string | undefined;
  /** The call starts over: progress that the client was sent before is left out, which is no fault. */
  repeat(): void;
  /** How many were malformed or over a limit so far. */
  readonly dropped: number;
}

/** Creates a filter for the notifications of one call. */
export function createNotificationFilter(
  wanted: Wanted,
  limits: ScanLimits,
  changes?: Changes,
): NotificationFilter {
  let seen = 0;
  let length = 0;
  let progress = -Infinity;
  let dropped = 0;
  let repeated = -Infinity;

  function drop(): undefined {
    dropped++;
  }

  function passProgress(params: JsonObject): string | undefined {
    const { progressToken, progress: reached, total, message } = params;
    if (wanted.progressToken === undefined) return undefined;
    const valid =
      progressToken === wanted.progressToken &&
      isFiniteNumber(reached) &&
      reached > progress &&
      (total === undefined || isFiniteNumber(total)) &&
      (message === undefined || typeof message === "string");
    if (!valid) return isFiniteNumber(reached) && reached <= repeated ? undefined : drop();
    const text = notification("notifications/progress", { progressToken, progress: reached, total, message });
    if (!fits(text)) return drop();
    progress = reached;
    return text;
  }

  function passLog(params: JsonObject): string | undefined {
    const { level, logger, data } = params;
    if (wanted.logLevel === undefined) return undefined;
    const valid =
      isLogLevel(level) && data !== undefined && (logger === undefined || typeof logger === "string");
    if (!valid) return drop();
    if (!isAtLeast(level, wanted.logLevel)) return undefined;
    const text = notification("notifications/message", { level, logger, data });
    return fits(text) ? text : drop();
  }

  /** Whoever subscribed hears of it, and this request's client only when it did. */
  function passChange(method: unknown, params: JsonObject): undefined {
    const topic = topicOf(method, params);
    if (topic === undefined) drop();
    else if (topic !== "none") changes?.publish(topic);
  }

  function fits(text: string): boolean {
    if (length + text.length > MAX_NOTIFICATIONS_LENGTH) return false;
    length += text.length;
    return true;
  }

  return {
    get dropped() {
      return dropped;
    },
    repeat() {
      repeated = progress;
    },
    pass(message) {
      seen++;
      if (seen > MAX_NOTIFICATIONS || message.length > MAX_NOTIFICATION_LENGTH) return drop();
      const value = parse(message, limits);
      if (!isObject(value) || value["jsonrpc"] !== "2.0" || "id" in value) return drop();
      const { method, params = {} } = value;
      if (!isObject(params)) return drop();
      switch (method) {
        case "notifications/progress":
          return passProgress(params);
        case "notifications/message":
          return passLog(params);
        default:
          return passChange(method, params);
      }
    },
  };
}

function parse(text: string, limits: ScanLimits): unknown {
  if (scanJson(text, limits).fault) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Written anew, so that a client gets no other members, and one line. */
function notification(method: string, params: JsonObject): string {
  return JSON.stringify({ jsonrpc: "2.0", method, params });
}

function isFiniteNumber(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value);
}
