import { metadataPaths } from "../http/protected-resource.ts";
import { answerPreflight, readableBy } from "./cors.ts";
import type { HttpAnswer, HttpRequestHead } from "./types.ts";

const ANYONE = "*";
const METHOD = "GET";
const CACHE_SECONDS = 600;

/** What a server says of itself to OAuth clients. */
export interface Metadata {
  /** True for a path at which the document is. */
  isAt(path: string): boolean;
  /** Answers a request for it. Any page may read it. */
  answer(head: HttpRequestHead): HttpAnswer;
}

/**
 * Serves the protected resource metadata (RFC 9728, section 3), where there is any.
 *
 * @param path Where MCP is served.
 */
export function serveMetadata(document: string | undefined, path: string): Metadata {
  const paths = document === undefined ? [] : metadataPaths(path);
  return {
    isAt: (at) => paths.includes(at),
    answer(head) {
      const preflight = answerPreflight(head, ANYONE, METHOD);
      if (preflight) return preflight;
      if (head.method !== METHOD) {
        return { status: 405, headers: [["allow", METHOD]], body: undefined };
      }
      const found: HttpAnswer = {
        status: 200,
        headers: [
          ["content-type", "application/json"],
          ["cache-control", `public, max-age=${CACHE_SECONDS}`],
        ],
        body: document,
      };
      return readableBy(found, ANYONE);
    },
  };
}
