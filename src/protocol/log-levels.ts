/** Severities of log messages (RFC 5424, section 6.2.1), least severe first. */
const LOG_LEVELS = ["debug", "info", "notice", "warning", "error", "critical", "alert", "emergency"] as const;

/** A severity as clients and components name it. */
export type LogLevel = (typeof LOG_LEVELS)[number];

/** The threshold of clients before 2026-07-28 that have set none. */
export const DEFAULT_LEVEL: LogLevel = "info";

/** True for the name of a severity. */
export function isLogLevel(value: unknown): value is LogLevel {
  return (LOG_LEVELS as readonly unknown[]).includes(value);
}

/** True when the first level is as severe as the second, or more. */
export function isAtLeast(level: LogLevel, threshold: LogLevel): boolean {
  return LOG_LEVELS.indexOf(level) >= LOG_LEVELS.indexOf(threshold);
}
