import { ToolkitError } from "../errors/index.ts";
import { createHttpProtocol } from "../protocol/index.ts";

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
  /** Origins whose web pages may call, such as `https://app.example`. Default none. */
  allowedOrigins?: readonly string[];
}

const KEYS = [
  "path",
  "deadlineMs",
  "allowedHosts",
  "allowedOrigins",
] as const satisfies (keyof HttpSettings)[];

const WIT = `package tenon:generated;

world settings { export tenon:adapter/settings@0.1.0; }

package tenon:adapter@0.1.0 { interface settings { get: func() -> string; } }
`;

/**
 * Generates the component without an engine that tells the adapter its settings.
 *
 * @throws ToolkitError `ERR_CONFIG` when a setting is not what it must be.
 */
export async function settingsComponent(settings: HttpSettings): Promise<Uint8Array> {
  const { parse, componentEmbed, componentNew } = await import("@bytecodealliance/jco-transpile/wasm-tools");
  const text = new TextEncoder().encode(settingsText(settings));
  // The answer, an address and a length, lies at 8; the text after it.
  const answer = new Uint8Array(Uint32Array.of(16, text.length).buffer);
  const binary = await parse(`(module
  (memory (export "memory") ${Math.ceil((text.length + 16) / 65_536)})
  (data (i32.const 8) "${escapeBytes(answer)}${escapeBytes(text)}")
  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) unreachable)
  (func (export "tenon:adapter/settings@0.1.0#get") (result i32) (i32.const 8)))`);
  return componentNew(await componentEmbed({ binary, witSource: WIT, world: "settings" }), []);
}

/** The settings that are given, in one order. */
function settingsText(settings: HttpSettings): string {
  const given = Object.fromEntries(
    KEYS.flatMap((key) => (settings[key] === undefined ? [] : [[key, settings[key]]])),
  ) as HttpSettings;
  const { path, deadlineMs } = given;
  if (path !== undefined && !/^\/[^?#\s]*$/.test(path)) {
    throw wrong(`the path "${path}" does not start with "/", or has a query`);
  }
  if (deadlineMs !== undefined && !(Number.isSafeInteger(deadlineMs) && deadlineMs >= 1)) {
    throw wrong(`a deadline of ${deadlineMs} ms is not a whole number from 1`);
  }
  try {
    createHttpProtocol({
      ...given,
      serverInfo: { name: "", version: "" },
      now: Date.now,
      newRequestId: () => "",
    });
  } catch (error) {
    throw wrong((error as TypeError).message);
  }
  return JSON.stringify(given);
}

function wrong(state: string): ToolkitError {
  return new ToolkitError(`Cannot bundle with these HTTP settings: ${state}`, { code: "ERR_CONFIG" });
}

function escapeBytes(bytes: Uint8Array): string {
  return [...bytes].map((byte) => `\\${byte.toString(16).padStart(2, "0")}`).join("");
}
