import { isObject, type JsonObject } from "./message.ts";
import { scanJson, type ScanLimits } from "./scan-json.ts";

/** One thing that a component asks of the client, in the shape of 2026-07-28. */
export interface Asked {
  /** Chosen by the component. */
  key: string;
  method: AskedMethod;
  params: JsonObject | undefined;
}

const METHODS = ["elicitation/create", "sampling/createMessage", "roots/list"] as const;

/** A request that a client answers. */
export type AskedMethod = (typeof METHODS)[number];

/** A request in the shape of an older revision, or the capability that clients of that revision cannot have. */
export type LegacyAsked = { params: JsonObject | undefined } | { lacks: JsonObject };

const MAX_ASKED = 32;
const MAX_LENGTH = 512 * 1024;

/** The requests that a component gave as JSON. Nothing when one is malformed or they are over a limit. */
export function parseAsked(text: string, limits: ScanLimits): Asked[] | undefined {
  if (text.length > MAX_LENGTH || scanJson(text, limits).fault) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!isObject(value)) return undefined;
  const entries = Object.entries(value);
  if (entries.length > MAX_ASKED) return undefined;
  const all: Asked[] = [];
  for (const [key, request] of entries) {
    if (!isObject(request)) return undefined;
    const { method, params } = request;
    if (!isAskedMethod(method) || !(params === undefined || isObject(params))) return undefined;
    all.push({ key, method, params });
  }
  return all;
}

/** What a request is to clients of a revision before 2026-07-28. `newId` names what is answered out of band. */
export function legacyAsked(
  { method, params = {} }: Asked,
  revision: string,
  newId: () => string,
): LegacyAsked {
  if (method === "roots/list") return { params: undefined };
  return method === "elicitation/create"
    ? legacyElicitation(params, revision, newId)
    : legacySampling(params, revision);
}

function legacyElicitation(params: JsonObject, revision: string, newId: () => string): LegacyAsked {
  if (revision < "2025-06-18") return { lacks: { elicitation: {} } };
  if (params["mode"] === "url") {
    return revision < "2025-11-25"
      ? { lacks: { elicitation: { url: {} } } }
      : { params: { ...params, elicitationId: newId() } };
  }
  if (revision >= "2025-11-25") return { params };
  const { mode: _, requestedSchema, ...rest } = params;
  if (!isObject(requestedSchema)) return { params: rest };
  const { $schema: __, ...schema } = requestedSchema;
  return { params: { ...rest, requestedSchema: schema } };
}

function legacySampling(params: JsonObject, revision: string): LegacyAsked {
  if (revision >= "2025-11-25") return { params };
  const { tools, toolChoice, messages, ...rest } = params;
  if (tools !== undefined || toolChoice !== undefined) return { lacks: { sampling: { tools: {} } } };
  // A message had one block of content.
  const single = Array.isArray(messages)
    ? messages.flatMap((message: unknown) =>
        isObject(message) && Array.isArray(message["content"])
          ? message["content"].map((content: unknown) => ({ ...message, content }))
          : [message],
      )
    : messages;
  return { params: { messages: single, ...rest } };
}

function isAskedMethod(method: unknown): method is AskedMethod {
  return (METHODS as readonly unknown[]).includes(method);
}
