import { usageError, type Arguments, type Option } from "./arguments.ts";
import { readPort } from "./serving.ts";

/** Options that say how a server over HTTP is run: reloaded, ended, looked at. */
export const OPERATE_OPTIONS: Readonly<Record<string, Option>> = {
  watch: { type: "boolean" },
  "admin-port": { type: "string" },
  drain: { type: "string" },
};

/** Lines of the help page for {@link OPERATE_OPTIONS}. */
export const OPERATE_OPTIONS_HELP = `      --watch           serve the core anew when a file changes that it came from, as SIGHUP does at any time
      --admin-port <number>  port of 127.0.0.1 for /healthz, /readyz and Prometheus' /metrics, 0 for any (default: none)
      --drain <seconds> time that requests in flight have to end after SIGINT or SIGTERM, 0 to 3600 (default: 10)`;

/** What those options come to. */
export interface OperateOptions {
  watch: boolean;
  /** Milliseconds. */
  drainMs: number;
  /** Absent: nobody can look at the server. */
  adminPort: number | undefined;
}

const DEFAULT_DRAIN_SECONDS = "10";
const MAX_DRAIN_SECONDS = 3600;

/**
 * Reads the options that say how a server is run, and for those that are not given `TENON_WATCH`, `TENON_ADMIN_PORT` and
 * `TENON_DRAIN`.
 *
 * @throws ToolkitError `ERR_USAGE` when a value is not what it has to be.
 */
export function readOperateOptions(command: string, values: Arguments["values"]): OperateOptions {
  const { TENON_WATCH, TENON_DRAIN } = process.env;
  if (TENON_WATCH && TENON_WATCH !== "0" && TENON_WATCH !== "1") {
    throw usageError(command, `TENON_WATCH is "${TENON_WATCH}"`, "It is 1 or 0");
  }
  const drain = (values.drain as string | undefined) ?? (TENON_DRAIN || DEFAULT_DRAIN_SECONDS);
  if (!/^\d{1,4}$/.test(drain) || Number(drain) > MAX_DRAIN_SECONDS) {
    throw usageError(
      command,
      `"${drain}" is not a time to drain`,
      `It is whole seconds from 0 to ${MAX_DRAIN_SECONDS}`,
    );
  }
  const adminPort =
    (values["admin-port"] as string | undefined) ?? (process.env["TENON_ADMIN_PORT"] || undefined);
  return {
    watch: values.watch === true || TENON_WATCH === "1",
    drainMs: Number(drain) * 1000,
    adminPort: adminPort === undefined ? undefined : readPort(command, adminPort),
  };
}
