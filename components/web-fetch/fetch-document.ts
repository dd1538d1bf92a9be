import { ServiceError, ToolError, type CallEnvironment } from "tenon";
import { decodeText } from "./decode-text.ts";

/** A document of the web. */
export interface Document {
  /** Where it came from in the end, after redirects. */
  readonly url: string;
  /** In lower case, without parameters. */
  readonly mediaType: string;
  readonly text: string;
}

const ACCEPT = "text/html,application/xhtml+xml,text/markdown,text/plain,application/json;q=0.9,*/*;q=0.5";
const MAX_REDIRECTS = 5;
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);
const TEXTUAL =
  /^text\/|^application\/(?:.*\+)?(?:json|xml|javascript|yaml|x-yaml)$|^application\/xhtml\+xml$/;

/** Fetches a text. @throws ToolError that says why there is none, and what could help. */
export async function fetchDocument(asked: string, { http }: CallEnvironment): Promise<Document> {
  let url = asked;
  let response = await get(url, http);
  for (let redirects = 0; REDIRECTS.has(response.status); redirects++) {
    const location = response.headers.get("location");
    if (location === null) break;
    if (redirects === MAX_REDIRECTS)
      throw new ToolError(`${asked} redirects more than ${MAX_REDIRECTS} times`);
    url = redirectTarget(location, url);
    response = await get(url, http);
  }
  if (!response.ok) throw new ToolError(`${url} answered with HTTP status ${response.status}`);
  const bytes = new Uint8Array(await response.arrayBuffer());
  const contentType = response.headers.get("content-type") ?? "text/plain";
  const mediaType = contentType.split(";")[0]!.trim().toLowerCase();
  if (!TEXTUAL.test(mediaType)) {
    throw new ToolError(`${url} is of the type ${mediaType}, which is not text`);
  }
  const charset = /;\s*charset\s*=\s*"?([^\s";]+)/i.exec(contentType)?.[1];
  return { url, mediaType, text: decodeText(bytes, charset) };
}

/** True for documents that are HTML. */
export function isHtml({ mediaType }: Document): boolean {
  return mediaType === "text/html" || mediaType === "application/xhtml+xml";
}

/** Redirects are not left to `fetch`: the answer to a denied one names the origin that lacks a grant. */
async function get(url: string, http: CallEnvironment["http"]): Promise<Response> {
  try {
    return await http.fetch(url, { headers: { accept: ACCEPT }, redirect: "manual" });
  } catch (error) {
    throw failure(url, error);
  }
}

function redirectTarget(location: string, from: string): string {
  const target = URL.parse(location, from);
  if (target === null || !/^https?:$/.test(target.protocol)) {
    throw new ToolError(`${from} redirects to what is not an http or https URL`);
  }
  target.hash = "";
  return target.href;
}

function failure(url: string, error: unknown): unknown {
  if (!(error instanceof ServiceError)) return error;
  switch (error.code) {
    case "denied":
      return new ToolError(
        `This server may not fetch ${url} (${error.message}). Whoever runs it can allow an origin: "grants": { "web-fetch": { "http": [{ "origin": "${new URL(url).origin}", "methods": ["GET"] }] } } in its tenon.json`,
      );
    case "timeout":
      return new ToolError(`${url} did not answer in time`);
    case "too-large":
      return new ToolError(`${url} is larger than this server allows`);
    case "unreachable":
      return new ToolError(`${url} cannot be reached: ${error.message}`);
    default:
      return new ToolError(`${url} cannot be fetched: ${error.message}`);
  }
}
