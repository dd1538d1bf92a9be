import { FORBIDDEN_METHODS, HOST_FIELDS } from "../../src/http/host-rules.ts";
import { grants } from "./grants.ts";
import { coversRequest } from "../../src/http/covers-request.ts";
import { ServiceError } from "./service-error.ts";
import { bytesOf, encodeUtf8 } from "./text.ts";

/** Content of a message, as `tenon:host/http` has it. */
export type Body = { tag: "text"; val: string } | { tag: "bytes"; val: Uint8Array };

/** A request of `tenon:host/http`. */
export interface HttpRequest {
  method: string;
  origin: string;
  pathWithQuery: string;
  headers: readonly [string, string][];
  body: Body | null;
  timeoutMs: number | null;
}

/** A request that was checked and may be sent. */
export interface OutboundRequest {
  method: string;
  secure: boolean;
  authority: string;
  pathWithQuery: string;
  headers: [string, Uint8Array][];
  body: Uint8Array | undefined;
}

/** Bytes the content of a request or a response may have. */
export const MAX_BODY_BYTES: number = 4 * 1024 * 1024;
/** Characters that the fields of a request or a response may have. */
export const MAX_HEADER_CHARACTERS: number = 16 * 1024;
const MAX_PATH_CHARACTERS = 8 * 1024;
const MAX_HEADERS = 100;
const SHOWN_CHARACTERS = 200;

// https://www.rfc-editor.org/rfc/rfc9110#section-5.6.2
const METHOD = /^[A-Z][A-Z0-9!#$%&'*+.^_`|~-]{0,31}$/;
const FIELD_NAME = /^[a-z0-9!#$%&'*+.^_`|~-]+$/;
const FIELD_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;
const WITHOUT_BODY = ["GET", "HEAD"];
const ORIGIN = /^https?:\/\/(?:[a-z0-9_-]+(?:\.[a-z0-9_-]+)*|\[[0-9a-f:]+\])(?::[1-9]\d{0,4})?$/;
/** What a parser of URLs leaves as it is. */
const PATH = /^\/[!$-;=@-[\]^_a-z|~]*$/;
const QUERY = /^[!$-&(-;=?-~]*$/;
/** A segment that a parser takes for "." or "..". */
const DOTS = /\/(?:\.|%2e){1,2}(?:\/|$)/i;

/**
 * Checks what a guest asks for, by the rules of `tenon:host/http` and by what the core was granted.
 *
 * @throws ServiceError `invalid-request` naming the member, `too-large` or `denied`.
 */
export function checkRequest(request: HttpRequest): OutboundRequest {
  const { method, origin, pathWithQuery } = request;
  if (!METHOD.test(method) || FORBIDDEN_METHODS.includes(method)) throw invalid(`method ${quote(method)}`);
  if (!ORIGIN.test(origin)) throw invalid(`origin ${quote(origin)} is not canonical`);
  const path = checkPath(pathWithQuery);
  const headers = checkHeaders(request.headers);
  const body = checkBody(method, request.body);
  // Only canonical origins are granted, so one that equals a granted one is canonical in every respect.
  if (!coversRequest(grants.http, { method, origin, path })) {
    throw new ServiceError("denied", `no grant covers ${method} ${origin}${path.slice(0, SHOWN_CHARACTERS)}`);
  }
  const secure = origin.startsWith("https:");
  const authority = origin.slice(origin.indexOf("//") + 2);
  return { method, secure, authority, pathWithQuery, headers: withOwnFields(headers, body), body };
}

function checkPath(pathWithQuery: string): string {
  if (pathWithQuery.length > MAX_PATH_CHARACTERS) {
    throw invalid(`path-with-query is longer than ${MAX_PATH_CHARACTERS} characters`);
  }
  const mark = pathWithQuery.indexOf("?");
  const path = mark === -1 ? pathWithQuery : pathWithQuery.slice(0, mark);
  const query = mark === -1 ? "" : pathWithQuery.slice(mark + 1);
  if (!PATH.test(path) || DOTS.test(path) || !QUERY.test(query)) {
    // Errors are logged, and a query may hold what a log must not.
    throw invalid(`path-with-query ${quote(path)} is not canonical`);
  }
  return path;
}

function checkHeaders(headers: HttpRequest["headers"]): [string, Uint8Array][] {
  if (headers.length > MAX_HEADERS) throw invalid(`headers: more than ${MAX_HEADERS}`);
  let size = 0;
  return headers.map(([name, value]) => {
    if (!FIELD_NAME.test(name)) throw invalid(`header ${quote(name)} is not a lower-case field name`);
    if (HOST_FIELDS.includes(name)) throw invalid(`header ${quote(name)} is the host's`);
    if (!FIELD_VALUE.test(value)) throw invalid(`header ${quote(name)} has a character no field may have`);
    size += name.length + value.length;
    if (size > MAX_HEADER_CHARACTERS) throw invalid(`headers: more than ${MAX_HEADER_CHARACTERS} characters`);
    return [name, bytesOf(value)];
  });
}

function checkBody(method: string, body: Body | null): Uint8Array | undefined {
  if (body === null) return undefined;
  if (WITHOUT_BODY.includes(method)) throw invalid(`body: a ${method} request has none`);
  if (body.val.length > MAX_BODY_BYTES) throw new ServiceError("too-large");
  const bytes = body.tag === "text" ? encodeUtf8(body.val) : body.val;
  if (bytes.length > MAX_BODY_BYTES) throw new ServiceError("too-large");
  return bytes;
}

function withOwnFields(
  headers: readonly [string, Uint8Array][],
  body: Uint8Array | undefined,
): [string, Uint8Array][] {
  const own: [string, Uint8Array][] = [];
  if (!headers.some(([name]) => name === "user-agent")) own.push(["user-agent", bytesOf("tenon")]);
  if (body !== undefined) own.push(["content-length", bytesOf(String(body.length))]);
  return [...own, ...headers];
}

function invalid(what: string): ServiceError {
  return new ServiceError("invalid-request", what);
}

function quote(text: string): string {
  return JSON.stringify(text.slice(0, SHOWN_CHARACTERS));
}
