import { Response } from "fastly:compute/http-resp@0.1.0";
import type { HttpAnswer } from "../../src/protocol/index.ts";
import { bytesOf } from "../wasi/text.ts";

/** A response with this status and these fields. */
export function createResponse({ status, headers }: Pick<HttpAnswer, "status" | "headers">): Response {
  const response = Response.new();
  response.setStatus(status);
  for (const [name, value] of headers) response.appendHeader(name, bytesOf(value));
  return response;
}
