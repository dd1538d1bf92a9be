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
