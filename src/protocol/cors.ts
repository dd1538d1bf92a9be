import type { HttpAnswer, HttpRequestHead } from "./types.ts";

const FIELD_LIST = /^[A-Za-z0-9!#$%&'*+.^_`|~, -]{0,1000}$/;
const PREFLIGHT_SECONDS = "600";

/**
 * The answer to a browser that asks whether a page of an allowed origin may send its request. Nothing when the
 * request asks something else.
 * @see https://fetch.spec.whatwg.org/#cors-preflight-fetch
 */
export function answerPreflight(
  head: HttpRequestHead,
  origin: string,
  methods: string,
): HttpAnswer | undefined {
  if (head.method !== "OPTIONS" || head.headers("access-control-request-method") === undefined)
    return undefined;
  const fields = head.headers("access-control-request-headers") ?? "";
  const allowed: HttpAnswer = {
    status: 204,
    headers: [
      ["access-control-allow-methods", methods],
      ["access-control-allow-headers", FIELD_LIST.test(fields) ? fields : ""],
      ["access-control-max-age", PREFLIGHT_SECONDS],
    ],
    body: undefined,
  };
  return readableBy(allowed, origin);
}

/** Lets pages of an allowed origin read an answer. */
export function readableBy(answer: HttpAnswer, origin: string): HttpAnswer {
  return {
    ...answer,
    headers: [
      ...answer.headers,
      ["access-control-allow-origin", origin],
      ["access-control-expose-headers", "mcp-session-id, www-authenticate, retry-after"],
      ["vary", "origin"],
    ],
  };
}
