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
const TEXTUAL =
  /^text\/|^application\/(?:.*\+)?(?:json|xml|javascript|yaml|x-yaml)$|^application\/xhtml\+xml$/;

/** Fetches a text. @throws ToolError that says why there is none, and what could help. */
export async function fetchDocument(url: string, { http }: CallEnvironment): Promise<Document> {
  let response: Response;
  let bytes: Uint8Array;
  try {
    response = await http.fetch(url, { headers: { accept: ACCEPT } });
    bytes = new Uint8Array(await response.arrayBuffer());
  } catch (error) {
    throw failure(url, error);
  }
  if (!response.ok) {
    throw new ToolError(`${response.url} answered ${`${response.status} ${response.statusText}`.trim()}`);
  }
  const contentType = response.headers.get("content-type") ?? "text/plain";
  const mediaType = contentType.split(";")[0]!.trim().toLowerCase();
  if (!TEXTUAL.test(mediaType)) {
    throw new ToolError(`${response.url} is of the type ${mediaType}, which is not text`);
  }
  const charset = /;\s*charset\s*=\s*"?([^\s";]+)/i.exec(contentType)?.[1];
  return { url: response.url, mediaType, text: decodeText(bytes, charset) };
}

/** True for documents that are HTML. */
export function isHtml({ mediaType }: Document): boolean {
  return mediaType === "text/html" || mediaType === "application/xhtml+xml";
}

function failure(url: string, error: unknown): unknown {
  if (!(error instanceof ServiceError)) return error;
  switch (error.code) {
    case "denied":
      return new ToolError(
        `This server may not fetch ${url} (${error.message}). Whoever runs it can allow an origin: "grants": { "web-fetch": { "http": [{ "origin": "${new URL(url).origin}" }] } } in its tenon.json`,
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
