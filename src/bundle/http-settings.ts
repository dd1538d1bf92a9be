import { ToolkitError } from "../errors/index.ts";
import { createHttpProtocol } from "../protocol/index.ts";

/** Bytes a request's content may have unless the settings say otherwise. */
export const DEFAULT_MAX_BODY_BYTES: number = 1024 * 1024;

/** How a bundle serves HTTP. */
export interface HttpSettings {
  /** Where MCP is served. Default `/mcp`. */
  path?: string;
  /** What the context names as the time a call may take, in milliseconds. Default 10,000. The host enforces its own. */
  deadlineMs?: number;
  /**
   * Values the `Host` field may have, as `host` (with any port) or `host:port`. Default: on wasmtime the names of the
   * loopback interface; on Fastly any, because Fastly routes by host.
   */
  allowedHosts?: readonly string[];
  /** Bytes a request's content may have. Default 1 MiB; on Fastly 64 KiB, which its CPU time allows. */
  maxBodyBytes?: number;
  /** Origins whose web pages may call, such as `https://app.example`. Default none. */
  allowedOrigins?: readonly string[];
}

const KEYS = [
  "path",
  "deadlineMs",
  "maxBodyBytes",
  "allowedHosts",
  "allowedOrigins",
] as const satisfies (keyof HttpSettings)[];

/**
 * Checks how a bundle is to serve HTTP.
 *
 * @throws ToolkitError `ERR_CONFIG` when a setting is not what it must be, or there is no such setting.
 */
export function checkHttpSettings(settings: HttpSettings, transport?: "stdio"): void {
  const other = Object.keys(settings).find((key) => key !== "deadlineMs");
  if (transport === "stdio" && other !== undefined) {
    throw wrong(`"${other}" is not for a server that clients start and speak to over stdio`);
  }
  const unknown = Object.keys(settings).find((key) => !(KEYS as readonly string[]).includes(key));
  if (unknown !== undefined) throw wrong(`there is no setting "${unknown}"`);
  const { path, deadlineMs, maxBodyBytes } = settings;
  if (path !== undefined && !/^\/[^?#\s]*$/.test(path)) {
    throw wrong(`the path "${path}" does not start with "/", or has a query`);
  }
  if (deadlineMs !== undefined && !(Number.isSafeInteger(deadlineMs) && deadlineMs >= 1)) {
    throw wrong(`a deadline of ${deadlineMs} ms is not a whole number from 1`);
  }
  if (maxBodyBytes !== undefined && !(Number.isSafeInteger(maxBodyBytes) && maxBodyBytes >= 1)) {
    throw wrong(`a body of ${maxBodyBytes} bytes is not a whole number from 1`);
  }
  try {
    createHttpProtocol({
      ...settings,
      serverInfo: { name: "", version: "" },
      now: Date.now,
      newRequestId: () => "",
    });
  } catch (error) {
    throw wrong((error as TypeError).message);
  }
}

function wrong(state: string): ToolkitError {
  return new ToolkitError(`Cannot bundle with these HTTP settings: ${state}`, { code: "ERR_CONFIG" });
}
