import { isLogLevel } from "./log-levels.ts";
import { isObject, type RequestMessage } from "./message.ts";
import { META, TRANSPORT_META, type ClientText } from "./request-context.ts";
import { LEGACY_REVISIONS, METHODS, MODERN_REVISIONS, REVISIONS, type Era } from "./revisions.ts";
import { RPC } from "./rpc-error.ts";
import type { McpRequest, RpcError } from "./types.ts";

/** A message that may go to the core. */
export interface Admitted {
  era: Era;
  protocolVersion: string;
  client: ClientText | undefined;
  request: McpRequest & { id: string };
  /** True when modern results carry `ttlMs` and `cacheScope`. */
  cacheable: boolean;
  /** True for `initialize`, whose result the legacy revisions shape differently from `server/discover`. */
  initializes: boolean;
  /** True when no component is asked: the result is empty. */
  answeredHere: boolean;
}

/** A message that goes no further. `status` is what HTTP shows. */
export interface Rejected {
  status: number;
  error: RpcError;
}

const MAX_CLIENT_TEXT = 64 * 1024;
const NOTHING_OMITTED: ReadonlySet<string> = new Set();

/** The era a message belongs to: modern when it describes itself, or uses what only modern clients know. */
export function eraOf(message: RequestMessage, statedVersion: string | undefined): Era {
  const { meta, method } = message;
  if (META.protocolVersion in meta || META.clientCapabilities in meta || META.clientInfo in meta)
    return "modern";
  if (method === "initialize") return "legacy";
  if (statedVersion !== undefined && MODERN_REVISIONS.includes(statedVersion)) return "modern";
  return METHODS.get(method)?.eras.includes("legacy") === false ? "modern" : "legacy";
}

/** The error for a revision this server does not speak. */
export function unsupportedVersion(requested: string): RpcError {
  return {
    code: RPC.unsupportedVersion,
    message: "Unsupported protocol version",
    data: JSON.stringify({ supported: REVISIONS, requested: requested.slice(0, 100) }),
  };
}

/** The request of a message before 2026-07-28, `initialize` included. */
export function admitLegacy(message: RequestMessage, protocolVersion: string): Admitted | Rejected {
  if (message.method !== "initialize") return admit(message, "legacy", protocolVersion, undefined);
  const requested = message.params?.["protocolVersion"];
  if (typeof requested !== "string") return badParams('"protocolVersion" must be a string');
  const client: ClientText = {
    info: isObject(message.params?.["clientInfo"]) ? message.paramText("clientInfo") : undefined,
    capabilities: isObject(message.params?.["capabilities"]) ? message.paramText("capabilities") : undefined,
  };
  const negotiated = LEGACY_REVISIONS.includes(requested) ? requested : LEGACY_REVISIONS[0]!;
  return admit(message, "legacy", negotiated, client);
}

/** The request of a message since 2026-07-28, without what HTTP header fields add. */
export function admitModern(message: RequestMessage): Admitted | Rejected {
  const { meta } = message;
  const version = meta[META.protocolVersion];
  if (typeof version !== "string") return incompleteMeta(META.protocolVersion, "a string");
  if (!isObject(meta[META.clientCapabilities])) return incompleteMeta(META.clientCapabilities, "an object");
  if (META.clientInfo in meta && !isObject(meta[META.clientInfo])) {
    return incompleteMeta(META.clientInfo, "an object");
  }
  if (!MODERN_REVISIONS.includes(version)) return { status: 400, error: unsupportedVersion(version) };
  return admit(message, "modern", version, {
    info: message.metaText(META.clientInfo),
    capabilities: message.metaText(META.clientCapabilities),
  });
}

function admit(
  message: RequestMessage,
  era: Era,
  protocolVersion: string,
  client: ClientText | undefined,
): Admitted | Rejected {
  const method = METHODS.get(message.method);
  if (!method?.eras.includes(era)) {
    return {
      status: era === "modern" ? 404 : 200,
      error: { code: RPC.methodNotFound, message: "Method not found" },
    };
  }
  if ((client?.info?.length ?? 0) + (client?.capabilities?.length ?? 0) > MAX_CLIENT_TEXT) {
    return { ...badParams("the client's description of itself is too large"), status: 400 };
  }
  const describesServer = message.method === "initialize" || message.method === "server/discover";
  const target = describesServer ? undefined : targetOf(message, method.target);
  if (method.target !== undefined && target === undefined) {
    return badParams(`"${method.target}" is missing or not what it must be`);
  }
  if (method.lists === true && message.params !== undefined && "cursor" in message.params) {
    return badParams('"cursor" is not one this server gave out');
  }
  const level = message.meta[META.logLevel];
  if (level !== undefined && !isLogLevel(level)) return badParams(`"${META.logLevel}" is not a log level`);
  if (message.method === "logging/setLevel" && !isLogLevel(message.params?.["level"])) {
    return badParams('"level" is not a log level');
  }
  return {
    era,
    protocolVersion,
    client,
    cacheable: method.cacheable ?? false,
    initializes: message.method === "initialize",
    answeredHere: method.answeredHere ?? false,
    request: {
      id: message.id!,
      method: describesServer ? "server/discover" : message.method,
      target,
      params: describesServer
        ? undefined
        : message.paramsText(era === "modern" ? TRANSPORT_META : NOTHING_OMITTED),
    },
  };
}

function targetOf(message: RequestMessage, member: "name" | "uri" | "ref" | undefined): string | undefined {
  if (member === undefined) return undefined;
  const value = message.params?.[member];
  const target = member === "ref" && isObject(value) ? (value["name"] ?? value["uri"]) : value;
  return typeof target === "string" ? target : undefined;
}

function badParams(what: string): Rejected {
  return { status: 200, error: { code: RPC.invalidParams, message: `Invalid params: ${what}` } };
}

function incompleteMeta(key: string, type: string): Rejected {
  return { ...badParams(`"_meta" must have "${key}", ${type}`), status: 400 };
}
