import { FORBIDDEN_METHODS, HOST_FIELDS } from "../../../src/http/host-rules.ts";
import { ServiceFailure, type HttpServiceRequest } from "../host-services.ts";

const MAX_PATH_CHARACTERS = 8 * 1024;
const MAX_HEADERS = 100;
const MAX_HEADER_CHARACTERS = 16 * 1024;
const SHOWN_PATH_CHARACTERS = 200;

/** A request that was checked against the rules of `tenon:host/http`. */
export interface OutboundRequest {
  method: string;
  /** Canonical: what it reads is what it means. */
  url: URL;
  /** By name; a repeated field has several values. */
  headers: Record<string, string | string[]>;
  body: Buffer | undefined;
}

// https://www.rfc-editor.org/rfc/rfc9110#section-5.6.2
const METHOD = /^[A-Z][A-Z0-9!#$%&'*+.^_`|~-]{0,31}$/;
const FIELD_NAME = /^[a-z0-9!#$%&'*+.^_`|~-]+$/;
/** Printable, tab, and the octets that UTF-8 text in a field arrives as. */
const FIELD_VALUE = /^[\t\u0020-\u007e\u0080-\u00ff]*$/;
const WITHOUT_BODY = new Set(["GET", "HEAD"]);
/** True for a header field that ends at this host. */
export function isHostField(name: string): boolean {
  return HOST_FIELDS.includes(name);
}

/**
 * Checks what a guest asks for.
 *
 * @param maxBodyBytes Bytes its content may have.
 * @throws ServiceFailure `invalid-request` naming the member, or `too-large`.
 */
export function checkRequest(request: HttpServiceRequest, maxBodyBytes: number): OutboundRequest {
  const { method } = request;
  if (!METHOD.test(method) || FORBIDDEN_METHODS.includes(method)) throw invalid(`method ${quote(method)}`);
  return {
    method,
    url: parseTarget(request.origin, request.pathWithQuery),
    headers: checkHeaders(request.headers),
    body: checkBody(method, request.body, maxBodyBytes),
  };
}

/** For the guest's author: what was not granted. */
export function notGranted({ method, url }: OutboundRequest): ServiceFailure {
  const path = url.pathname.slice(0, SHOWN_PATH_CHARACTERS);
  return new ServiceFailure("denied", `no grant covers ${method} ${url.origin}${path}`);
}

function parseTarget(origin: string, pathWithQuery: string): URL {
  const parsed = URL.canParse(origin) ? new URL(origin) : undefined;
  if (!parsed || parsed.origin !== origin || !/^https?:$/.test(parsed.protocol)) {
    throw invalid(`origin ${quote(origin)} is not canonical`);
  }
  if (pathWithQuery.length > MAX_PATH_CHARACTERS) {
    throw invalid(`path-with-query is longer than ${MAX_PATH_CHARACTERS} characters`);
  }
  const text = origin + pathWithQuery;
  const url = pathWithQuery.startsWith("/") && URL.canParse(text) ? new URL(text) : undefined;
  // What reads differently here than where it was granted must not be sent.
  if (!url || url.href !== text || url.origin !== origin || text.includes("#")) {
    // Errors are logged, and a query may hold what a log must not.
    throw invalid(`path-with-query ${quote(pathWithQuery.split("?", 1)[0]!)} is not canonical`);
  }
  return url;
}

function checkHeaders(headers: HttpServiceRequest["headers"]): OutboundRequest["headers"] {
  if (headers.length > MAX_HEADERS) throw invalid(`headers: more than ${MAX_HEADERS}`);
  const checked = Object.create(null) as OutboundRequest["headers"];
  let size = 0;
  for (const [name, value] of headers) {
    if (!FIELD_NAME.test(name)) throw invalid(`header ${quote(name)} is not a lower-case field name`);
    if (isHostField(name)) throw invalid(`header ${quote(name)} is the host's`);
    if (!FIELD_VALUE.test(value)) throw invalid(`header ${quote(name)} has a character no field may have`);
    size += name.length + value.length;
    if (size > MAX_HEADER_CHARACTERS) throw invalid(`headers: more than ${MAX_HEADER_CHARACTERS} characters`);
    const before = checked[name];
    checked[name] = before === undefined ? value : [before, value].flat();
  }
  return checked;
}

function checkBody(method: string, body: HttpServiceRequest["body"], maxBytes: number): Buffer | undefined {
  if (body === undefined) return undefined;
  if (WITHOUT_BODY.has(method)) throw invalid(`body: a ${method} request has none`);
  if (body.length > maxBytes) throw new ServiceFailure("too-large");
  const bytes = typeof body === "string" ? Buffer.from(body, "utf8") : Buffer.from(body);
  if (bytes.length > maxBytes) throw new ServiceFailure("too-large");
  return bytes;
}

function invalid(what: string): ServiceFailure {
  return new ServiceFailure("invalid-request", what);
}

function quote(text: string): string {
  return JSON.stringify(text.slice(0, SHOWN_PATH_CHARACTERS));
}
