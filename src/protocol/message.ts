import { RPC } from "./rpc-error.ts";
import { scanJson, type Member, type Scan, type ScanLimits } from "./scan-json.ts";
import type { RpcError } from "./types.ts";

/** A parsed JSON object. */
export type JsonObject = { [key: string]: unknown };

/** A JSON-RPC request or notification. */
export interface RequestMessage {
  kind: "request" | "notification";
  /** JSON text; absent for a notification. */
  id: string | undefined;
  method: string;
  params: JsonObject | undefined;
  /** Members of `params._meta`; empty when there is none. */
  meta: JsonObject;
  /** The text of `params` without the `_meta` members in `omittedMeta`, by full name, and its own members in `omitted`. */
  paramsText(omittedMeta: ReadonlySet<string>, omitted: ReadonlySet<string>): string | undefined;
  /** The text of one member of `params._meta`. */
  metaText(key: string): string | undefined;
  /** The text of one member of `params`. */
  paramText(key: string): string | undefined;
}

/** A JSON-RPC response of the client, to a request that this server sent. */
export interface ResponseMessage {
  kind: "response";
  id: string | number;
  /** The result, or the object with the error as its one member, as JSON text; nothing when it is not an object. */
  answerText(): string | undefined;
}

/** What one text turned out to be. */
export type Message =
  | RequestMessage
  | ResponseMessage
  | { kind: "invalid"; id: string | undefined; error: RpcError };

const MAX_ID_LENGTH = 1024;
const NO_META: JsonObject = Object.freeze({});

const FAULTS: Record<NonNullable<Scan["fault"]>, RpcError> = {
  depth: { code: RPC.parseError, message: "Parse error: the message is nested too deeply" },
  tokens: { code: RPC.parseError, message: "Parse error: the message has too many values" },
  "duplicate-key": { code: RPC.invalidRequest, message: "Invalid request: an object has the same key twice" },
  "forbidden-key": {
    code: RPC.invalidRequest,
    message: 'Invalid request: the key "__proto__" is not allowed',
  },
};

/** Parses one JSON-RPC 2.0 message and bounds it. */
export function parseMessage(text: string, limits: ScanLimits): Message {
  const scan = scanJson(text, limits);
  if (scan.fault) return { kind: "invalid", id: undefined, error: FAULTS[scan.fault] };
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return invalid(undefined, "Parse error: the message is not JSON", RPC.parseError);
  }
  if (Array.isArray(value)) {
    return invalid(
      undefined,
      value.length === 0
        ? "Invalid request: the batch is empty"
        : "Invalid request: batches are not supported, send one message at a time",
    );
  }
  if (!isObject(value)) return invalid(undefined, "Invalid request: a message is a JSON object");

  const [envelope, params, meta] = scan.members;
  const id = idText(value["id"], text, envelope);
  if (value["jsonrpc"] !== "2.0") return invalid(id, 'Invalid request: "jsonrpc" must be "2.0"');
  if ("id" in value && id === undefined) {
    return invalid(undefined, 'Invalid request: "id" must be a string or a whole number');
  }
  if (!("method" in value)) {
    if (id !== undefined && ("result" in value || "error" in value)) {
      return {
        kind: "response",
        id: value["id"] as string | number,
        answerText: () => {
          if (isObject(value["error"])) return `{"error":${valueText(text, envelope, "error")}}`;
          return isObject(value["result"]) ? valueText(text, envelope, "result") : undefined;
        },
      };
    }
    return invalid(id, 'Invalid request: "method" is missing');
  }
  if (typeof value["method"] !== "string") return invalid(id, 'Invalid request: "method" must be a string');
  const parsed = value["params"];
  if (parsed !== undefined && !isObject(parsed)) {
    return invalid(id, 'Invalid request: "params" must be an object');
  }
  const parsedMeta = parsed?.["_meta"];
  if (parsedMeta !== undefined && !isObject(parsedMeta)) {
    return invalid(id, 'Invalid params: "_meta" must be an object', RPC.invalidParams);
  }
  return {
    kind: id === undefined ? "notification" : "request",
    id,
    method: value["method"],
    params: parsed,
    meta: parsedMeta ?? NO_META,
    paramsText: (omittedMeta, omitted) => {
      if (!parsed) return undefined;
      if (!parsedMeta && !params.some(({ key }) => omitted.has(key))) {
        return valueText(text, envelope, "params");
      }
      return withoutMembers(text, { params, meta }, { omittedMeta, omitted });
    },
    metaText: (key) => valueText(text, meta, key),
    paramText: (key) => valueText(text, params, key),
  };
}

/** True for a JSON object: not null, not an array. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function invalid(id: string | undefined, message: string, code: number = RPC.invalidRequest): Message {
  return { kind: "invalid", id, error: { code, message } };
}

function idText(id: unknown, text: string, envelope: readonly Member[]): string | undefined {
  if (typeof id === "string" ? id.length > MAX_ID_LENGTH : !Number.isSafeInteger(id)) return undefined;
  return valueText(text, envelope, "id");
}

function valueText(text: string, members: readonly Member[], key: string): string | undefined {
  const member = members.find((candidate) => candidate.key === key);
  return member && text.slice(member.valueFrom, member.to).trim();
}

function withoutMembers(
  text: string,
  { params, meta }: { params: readonly Member[]; meta: readonly Member[] },
  { omittedMeta, omitted }: { omittedMeta: ReadonlySet<string>; omitted: ReadonlySet<string> },
): string {
  const kept: string[] = [];
  for (const member of params) {
    if (member.key !== "_meta" && !omitted.has(member.key)) kept.push(text.slice(member.from, member.to));
  }
  const keptMeta: string[] = [];
  for (const member of meta) {
    if (!omittedMeta.has(member.key)) keptMeta.push(text.slice(member.from, member.to));
  }
  if (keptMeta.length > 0) kept.push(`"_meta":{${keptMeta.join()}}`);
  return `{${kept.join()}}`;
}
