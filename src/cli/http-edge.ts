import type { ServeHttpOptions } from "../../hosts/node/index.ts";
import { isPublicUrl } from "../../hosts/node/public-url.ts";
import { createFindPeer } from "../../hosts/node/trusted-proxies.ts";
import type { CoreManifest } from "../manifest/index.ts";
import { canonicalOrigin, parseAuthority } from "../protocol/authority.ts";
import { usageError, type Arguments, type Option } from "./arguments.ts";

/** Options that say how a server is reached over HTTP. */
export const EDGE_OPTIONS: Readonly<Record<string, Option>> = {
  sessions: { type: "boolean" },
  "allow-origin": { type: "string", multiple: true },
  "allow-host": { type: "string", multiple: true },
  "public-url": { type: "string" },
  "trust-proxy": { type: "string", multiple: true },
};

/** What those options come to. */
export type Edge = Pick<
  ServeHttpOptions,
  "sessions" | "allowedOrigins" | "allowedHosts" | "publicUrl" | "trustedProxies"
>;

/**
 * Reads the options that say how a server is reached over HTTP, and for those that are not given the variables `TENON_` and
 * the option's name in upper case, with `_` for `-`: of several values a list with commas, of a flag 1 or 0.
 *
 * @throws ToolkitError `ERR_USAGE` when a value is not what it has to be: a typo must not open anything.
 */
export function readEdge(command: string, given: Arguments["values"]): Edge {
  const values = { ...fromEnvironment(command), ...given };
  const allowedOrigins = (values["allow-origin"] ?? []) as string[];
  const allowedHosts = (values["allow-host"] ?? []) as string[];
  const trustedProxies = (values["trust-proxy"] ?? []) as string[];
  const publicUrl = values["public-url"] as string | undefined;
  checkAuthorities(command, { allowedHosts, allowedOrigins });
  if (publicUrl !== undefined && !isPublicUrl(publicUrl)) {
    throw usageError(command, `"${publicUrl}" is not a public URL`, "Write it like https://mcp.example/mcp");
  }
  try {
    createFindPeer(trustedProxies);
  } catch (error) {
    throw usageError(
      command,
      (error as Error).message,
      'Proxies are written like 10.0.0.0/8, 192.0.2.7, or "loopback"',
    );
  }
  return {
    ...(values.sessions === true && { sessions: true }),
    ...(allowedOrigins.length > 0 && { allowedOrigins }),
    ...(allowedHosts.length > 0 && { allowedHosts }),
    ...(trustedProxies.length > 0 && { trustedProxies }),
    ...(publicUrl !== undefined && { publicUrl }),
  };
}

/**
 * Checks the names a server is reached by, and the origins whose pages may call it.
 *
 * @throws ToolkitError `ERR_USAGE` naming one that is not what it has to be.
 */
export function checkAuthorities(
  command: string,
  {
    allowedHosts = [],
    allowedOrigins = [],
  }: { [Each in "allowedHosts" | "allowedOrigins"]?: string[] | undefined },
): void {
  for (const origin of allowedOrigins) {
    if (canonicalOrigin(origin) === undefined) {
      throw usageError(
        command,
        `"${origin}" is not an origin`,
        "Origins are written like https://app.example",
      );
    }
  }
  for (const host of allowedHosts) {
    if (parseAuthority(host) === undefined) {
      throw usageError(
        command,
        `"${host}" is not a host`,
        "Hosts are written like mcp.example or mcp.example:8443",
      );
    }
  }
}

/** Says where clients will be told to go, when that is not where the server says it is reached. */
export function resourceWarnings(manifest: CoreManifest, { publicUrl }: Edge): string[] {
  const resource = manifest.protectedResource?.resource;
  if (resource === undefined || publicUrl === undefined) return [];
  if (new URL(resource).href === new URL(publicUrl).href) return [];
  return [
    `OAuth clients are told that the server is at ${resource}, as it was composed, and --public-url is ${publicUrl}: they refuse tokens for another`,
  ];
}

function fromEnvironment(command: string): Arguments["values"] {
  const values: Record<string, string | boolean | string[]> = {};
  for (const [name, { type, multiple }] of Object.entries(EDGE_OPTIONS)) {
    const variable = `TENON_${name.toUpperCase().replaceAll("-", "_")}`;
    const text = process.env[variable];
    if (text === undefined || text === "") continue;
    if (type === "boolean" && text !== "0" && text !== "1") {
      throw usageError(command, `${variable} is "${text}"`, "It is 1 or 0");
    }
    if (type === "boolean") values[name] = text === "1";
    else values[name] = multiple === true ? text.split(",").map((each) => each.trim()) : text;
  }
  return values;
}
