/** Severity of a log line, least severe first (RFC 5424, section 6.2.1, as far as components need it). */
export type LogLevel = "debug" | "info" | "notice" | "warning" | "error";

/** Further members of a log line; values are written as JSON. */
export type LogFields = Readonly<Record<string, unknown>>;

/** Writes one log line. Never throws. */
export type WriteLog = (level: LogLevel, message: string, fields?: LogFields) => void;

/** Structured log lines, one method for each level. The host bounds their size and number per call. */
export type Log = { readonly [Level in LogLevel]: (message: string, fields?: LogFields) => void };

/** A log that writes through one function. */
export function createLog(write: WriteLog): Log {
  return {
    debug: (message, fields) => write("debug", message, fields),
    info: (message, fields) => write("info", message, fields),
    notice: (message, fields) => write("notice", message, fields),
    warning: (message, fields) => write("warning", message, fields),
    error: (message, fields) => write("error", message, fields),
  };
}

const LEVELS: readonly LogLevel[] = ["debug", "info", "notice", "warning", "error"];

/** The least severe level a client may ask for; components log nothing above `error`. */
export type ClientLevel = LogLevel | "critical" | "alert" | "emergency";

/** Where the log messages of one call go. */
export interface LogClient {
  readonly notify: (message: string) => void;
  /** The name of the component. */
  readonly logger: string;
  readonly logLevel: ClientLevel;
}

/** A log that writes to another, and tells the client what it asked for. */
export function logToClient(log: Log, { notify, logger, logLevel }: LogClient): Log {
  const least = LEVELS.indexOf(logLevel as LogLevel);
  return createLog((level, message, fields) => {
    log[level](message, fields);
    if (least < 0 || LEVELS.indexOf(level) < least) return;
    try {
      const params = { level, logger, data: { ...fields, message } };
      notify(JSON.stringify({ jsonrpc: "2.0", method: "notifications/message", params }));
    } catch {
      // What is not JSON is in the host's log, as far as it can be written.
    }
  });
}

/** Log fields for an exception of the author's code. */
export function errorFields(error: unknown): LogFields {
  if (!(error instanceof Error)) return { error: String(error) };
  const { name, message, stack, cause } = error;
  return {
    error: `${name}: ${message}`,
    ...(stack === undefined ? {} : { stack }),
    ...(cause instanceof Error ? { cause: `${cause.name}: ${cause.message}` } : {}),
  };
}
