import type { Body } from "fastly:compute/http-body@0.1.0";
import { downstreamClientIpAddr } from "fastly:compute/http-downstream@0.1.0";
import type { Request } from "fastly:compute/http-req@0.1.0";
import { sendDownstream } from "fastly:compute/http-resp@0.1.0";
import type { HttpAnswer } from "../../src/protocol/index.ts";
import { createExchange, readContent, type Content, type HttpAdapterParts } from "../wasi/exchange.ts";
import { binaryString, encodeUtf8 } from "../wasi/text.ts";
import { bodyOf, readPiece } from "./body.ts";
import { createResponse } from "./response.ts";

/** Above the platform's own limits of a request head. */
const HEAD_BYTES = 131_072;

/** `reply` of `wit/reply.wit`, in bundles of cores that notify. */
interface Reply {
  open(wanted: string): void;
  close(): boolean;
  end(rest: string): void;
}

/** Makes `fastly:compute/http-incoming`. */
export function createAdapter({ facts, reply, getKeys }: HttpAdapterParts<Reply>): {
  httpIncoming: { handle(request: Request, body: Body): void };
} {
  const exchange = createExchange(facts, { getKeys, notifies: reply !== undefined });

  function handle(request: Request, body: Body): void {
    let streamed = false;
    const notifications = reply && {
      open: (wanted: string) => reply.open(wanted),
      close: () => (streamed = reply.close()),
    };
    const head = {
      method: request.getMethod(HEAD_BYTES),
      path: pathOf(request.getUri(HEAD_BYTES)),
      headers: (name: string) => fieldOf(request, name),
      peer: peerOf(request),
    };
    const content = (maxBytes: number): Content => readContent(head, () => readPiece(body), maxBytes);
    const answer = exchange({ ...head, content }, { notifications });
    if (streamed) reply!.end(answer.body ?? "");
    else send(answer);
  }

  return { httpIncoming: { handle } };
}

/** Path and query of an absolute URI. */
function pathOf(uri: string): string {
  const path = uri.indexOf("/", uri.indexOf("://") + 3);
  return path === -1 ? "/" : uri.slice(path);
}

/** Values come one after another, a NUL behind each. */
function fieldOf(request: Request, name: string): string | undefined {
  const values = binaryString(request.getHeaderValues(name, HEAD_BYTES, 0)[0]);
  return values === "" ? undefined : values.slice(0, -1).replaceAll("\0", ", ");
}

function peerOf(request: Request): string | undefined {
  const address = downstreamClientIpAddr(request);
  if (address === null) return undefined;
  return address.tag === "ipv4"
    ? address.val.join(".")
    : address.val.map((group) => group.toString(16)).join(":");
}

function send(answer: HttpAnswer): void {
  sendDownstream(createResponse(answer), bodyOf(encodeUtf8(answer.body ?? "")));
}
