import type { Cacheable } from "./cache-hints.ts";
import { isLogLevel } from "./log-levels.ts";
import { isObject, type RequestMessage } from "./message.ts";
import { META, TRANSPORT_META, type ClientText } from "./request-context.ts";
import {
  LEGACY_REVISIONS,
  METHODS,
  MODERN_REVISIONS,
  REVISIONS,
  type Era,
  type Method,
} from "./revisions.ts";
import { RPC } from "./rpc-error.ts";
import type { McpRequest, RpcError } from "./types.ts";

/** A message that may go to the core. */
export interface Admitted {
  era: Era;
  protocolVersion: string;
  client: ClientText | undefined;
  request: McpRequest & { id: string };
  /** Whether modern results carry `ttlMs` and `cacheScope`. */
  cacheable: Cacheable;
  /** True for `initialize`, whose result the legacy revisions shape differently from `server/discover`. */
  initializes: boolean;
  /** True when it asks to hear of changes. */
  subscribes: boolean;
  /** True when no component is asked: the result is empty. */
  answeredHere: boolean;
  /** Present when this request says to continue an earlier one. */
  continued: Continued | undefined;
}

/** What a client sends with a request that it sends again, because it was asked for something. */
export interface Continued {
  /** An object of its answers by the keys of the requests, as JSON text. */
  responses: string;
  /** The sealed state, unverified. */
  requestState: string | undefined;
}

/** A message that goes no further. `status` is what HTTP shows. */
export interface Rejected {
  status: number;
  error: RpcError;
}

const MAX_CLIENT_TEXT = 64 * 1024;
const NOTHING_OMITTED: ReadonlySet<string> = new Set();
/** Members of `params` with which a client continues a request; they go to the context and not to components. */
const CONTINUATION: ReadonlySet<string> = new Set(["inputResponses", "requestState"]);
const MAX_RESPONSES = 64;
const MAX_RESPONSES_LENGTH = 512 * 1024;

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

/** The error for a method this server does not have. */
export function unknownMethod(era: Era): Rejected {
  return {
    status: era === "modern" ? 404 : 200,
    error: { code: RPC.methodNotFound, message: "Method not found" },
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
    return unknownMethod(era);
  }
  if ((client?.info?.length ?? 0) + (client?.capabilities?.length ?? 0) > MAX_CLIENT_TEXT) {
    return { ...badParams("the client's description of itself is too large"), status: 400 };
  }
  const cursor = method.lists === true ? message.params?.["cursor"] : undefined;
  if (cursor !== undefined && typeof cursor !== "string") return badParams('"cursor" must be a string');
  const describesServer = message.method === "initialize" || message.method === "server/discover";
  const target = describesServer ? undefined : targetOf(message, method.target);
  if (method.target !== undefined && target === undefined) {
    return badParams(`"${method.target}" is missing or not what it must be`);
  }
  const level = message.meta[META.logLevel];
  if (level !== undefined && !isLogLevel(level)) return badParams(`"${META.logLevel}" is not a log level`);
  if (message.method === "logging/setLevel" && !isLogLevel(message.params?.["level"])) {
    return badParams('"level" is not a log level');
  }
  const modern = era === "modern";
  const continued = modern && method.asks === true ? continuedBy(message) : undefined;
  if (typeof continued === "string") return badParams(continued);
  return {
    era,
    protocolVersion,
    client,
    continued,
    // What a client was asked for is no part of what it keeps the result by.
    cacheable: method.cacheable === true && (continued === undefined || "stale"),
    initializes: message.method === "initialize",
    subscribes: method.subscribes ?? false,
    answeredHere: method.answeredHere ?? false,
    request: {
      id: message.id!,
      method: describesServer ? "server/discover" : message.method,
      target: target ?? cursor,
      params: describesServer
        ? undefined
        : message.paramsText(
            modern ? TRANSPORT_META : NOTHING_OMITTED,
            continued ? CONTINUATION : NOTHING_OMITTED,
          ),
    },
  };
}

/** What continues a request, or what is wrong with it. */
function continuedBy(message: RequestMessage): Continued | string | undefined {
  const { inputResponses, requestState } = message.params ?? {};
  if (inputResponses === undefined && requestState === undefined) return undefined;
  if (requestState !== undefined && typeof requestState !== "string") {
    return '"requestState" must be a string';
  }
  if (inputResponses === undefined) return { responses: "{}", requestState };
  if (!isObject(inputResponses)) return '"inputResponses" must be an object';
  const answers = Object.values(inputResponses);
  if (!answers.every(isObject)) return 'each of "inputResponses" must be an object';
  const responses = message.paramText("inputResponses")!;
  if (answers.length > MAX_RESPONSES || responses.length > MAX_RESPONSES_LENGTH) {
    return '"inputResponses" is too large';
  }
  return { responses, requestState };
}

function targetOf(message: RequestMessage, member: Method["target"]): string | undefined {
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
