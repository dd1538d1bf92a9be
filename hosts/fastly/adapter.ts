import { new as newBody, read, write, type Body } from "fastly:compute/http-body@0.1.0";
import { downstreamClientIpAddr } from "fastly:compute/http-downstream@0.1.0";
import type { Request } from "fastly:compute/http-req@0.1.0";
import { Response, sendDownstream } from "fastly:compute/http-resp@0.1.0";
import type { HttpAnswer } from "../../src/protocol/index.ts";
import { createExchange } from "../wasi/exchange.ts";
import { binaryString, bytesOf, encodeUtf8 } from "../wasi/text.ts";

const READ_BYTES = 65_536;
/** Above the platform's own limits of a request head. */
const HEAD_BYTES = 131_072;

// Fastly routes by host name: a request for a name that is not the service's own does not arrive.
const exchange = createExchange({ local: false });

/** `fastly:compute/http-incoming`. */
export const httpIncoming = {
  handle(request: Request, body: Body): void {
    send(
      exchange({
        method: request.getMethod(HEAD_BYTES),
        path: pathOf(request.getUri(HEAD_BYTES)),
        headers: (name) => fieldOf(request, name),
        peer: peerOf(request),
        read: () => {
          const piece = read(body, READ_BYTES);
          return piece.length === 0 ? undefined : piece;
        },
      }),
    );
  },
};

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

function send({ status, headers, body }: HttpAnswer): void {
  const response = Response.new();
  response.setStatus(status);
  for (const [name, value] of headers) response.appendHeader(name, bytesOf(value));
  const outgoing = newBody();
  let content = encodeUtf8(body ?? "");
  while (content.length > 0) content = content.subarray(write(outgoing, content));
  sendDownstream(response, outgoing);
}
