import { selectWithTimeout } from "fastly:compute/async-io@0.1.0";
import type { Body } from "fastly:compute/http-body@0.1.0";
import { awaitResponse, type PendingResponse } from "fastly:compute/http-req@0.1.0";
import type { Response } from "fastly:compute/http-resp@0.1.0";
import { HOST_FIELDS } from "../../src/http/host-rules.ts";
import { MAX_BODY_BYTES, MAX_HEADER_CHARACTERS, type Body as Content } from "../wasi/outbound-request.ts";
import { ServiceError } from "../wasi/service-error.ts";
import { binaryString, bytesOf, decodeUtf8 } from "../wasi/text.ts";
import { readPiece } from "./body.ts";

/** Above the platform's own limits of a response head. */
const HEAD_BYTES = 131_072;

/** A response of `tenon:host/http`. */
export interface HttpResponse {
  status: number;
  headers: [name: string, value: string][];
  body: Content;
}

/**
 * Takes a response that has begun.
 *
 * @throws ServiceError when there is none, or it is over a limit or late.
 */
export function receive(pending: PendingResponse, deadline: number): HttpResponse {
  const [response, body] = attempt(() => awaitResponse(pending));
  const status = response.getStatus();
  if (status < 200 || status > 599) throw new ServiceError("unreachable", `status ${status} is not HTTP`);
  const headers = fieldsOf(response);
  const content = attempt(() => readContent(body, deadline));
  const text = decodeUtf8(content);
  return {
    status,
    headers,
    body: text === undefined ? { tag: "bytes", val: bytesOf(content) } : { tag: "text", val: text },
  };
}

function readContent(body: Body, deadline: number): string {
  let content = "";
  for (;;) {
    if (selectWithTimeout([body], Math.max(0, deadline - Date.now())) === null)
      throw new ServiceError("timeout");
    const piece = readPiece(body);
    if (piece === undefined) return content;
    if (content.length + piece.length > MAX_BODY_BYTES) throw new ServiceError("too-large");
    content += binaryString(piece);
  }
}

function fieldsOf(response: Response): [string, string][] {
  const fields: [string, string][] = [];
  let size = 0;
  for (let cursor: number | null = 0; cursor !== null;) {
    const [names, next]: [string, number | null] = response.getHeaderNames(HEAD_BYTES, cursor);
    for (const name of split(names)) {
      const lower = name.toLowerCase();
      for (const value of split(binaryString(response.getHeaderValues(name, HEAD_BYTES, 0)[0]))) {
        size += name.length + value.length;
        if (!HOST_FIELDS.includes(lower)) fields.push([lower, value]);
      }
    }
    cursor = next;
  }
  if (size > MAX_HEADER_CHARACTERS) throw new ServiceError("unreachable", "the answer has too many fields");
  return fields;
}

/** Names and values come one after another, a NUL behind each. */
function split(list: string): string[] {
  return list.split("\0").slice(0, -1);
}

/** What the guest is told of `send-error-detail`, without addresses or other things of the host. */
function describe(detail: string): [tag: string, val?: string] {
  if (detail.endsWith("timeout") && detail !== "dns-timeout") return ["timeout"];
  if (detail === "http-response-body-too-large") return ["too-large"];
  if (/^(?:dns-|destination-not-found)/.test(detail)) return ["unreachable", "the name does not resolve"];
  if (detail === "connection-refused") return ["unreachable", "the connection was refused"];
  if (/^(?:connection-terminated|http-incomplete)/.test(detail))
    return ["unreachable", "the connection was closed"];
  if (detail.startsWith("tls-")) return ["unreachable", "TLS failed"];
  return ["unreachable", "the connection failed"];
}

function attempt<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof ServiceError) throw error;
    const { payload } = error as { payload?: { detail?: { tag: string } | null } };
    throw new ServiceError(...describe(payload?.detail?.tag ?? ""));
  }
}
