import type { IncomingRequest, ResponseOutparam } from "tenon-wasi:http/types@0.2.0";
import type { HttpAnswer } from "../../src/protocol/index.ts";
import { createExchange, type HttpFacts, type IncomingExchange } from "../wasi/exchange.ts";
import type { GetKeys } from "../wasi/request-states.ts";
import { readPiece } from "../wasi/stream.ts";
import { binaryString, encodeUtf8 } from "../wasi/text.ts";
import { openResponse } from "./response.ts";

/** `reply` of `wit/reply.wit`, in bundles of cores that notify. */
interface Reply {
  open(out: ResponseOutparam, wanted: string): void;
  close(): ResponseOutparam | null;
  end(rest: string): void;
}

/** What the bundle gives the adapter; `facts` are constants of it. */
interface AdapterParts {
  facts: HttpFacts;
  reply?: Reply;
  getKeys?: GetKeys;
}

/** Makes `wasi:http/incoming-handler`. */
export function createAdapter({ facts, reply, getKeys }: AdapterParts): {
  incomingHandler: { handle(request: IncomingRequest, out: ResponseOutparam): void };
} {
  const exchange = createExchange(facts, { getKeys, notifies: reply !== undefined });

  function handle(request: IncomingRequest, out: ResponseOutparam): void {
    let unsent: ResponseOutparam | null = out;
    const notifications = reply && {
      open: (wanted: string) => reply.open(out, wanted),
      close() {
        unsent = reply.close();
        return unsent === null;
      },
    };
    const answer = withIncoming(request, (incoming) => exchange(incoming, notifications));
    if (unsent === null) reply!.end(answer.body ?? "");
    else send(answer, unsent);
  }

  return { incomingHandler: { handle } };
}

/** Children must be dropped before their parent: the stream before the body, all before the request. */
function withIncoming(request: IncomingRequest, use: (incoming: IncomingExchange) => HttpAnswer): HttpAnswer {
  const fields = request.headers();
  const body = request.consume();
  const stream = body.stream();
  try {
    const method = request.method();
    return use({
      method: method.val ?? method.tag.toUpperCase(),
      path: request.pathWithQuery() ?? "/",
      headers: (name) => {
        // The host takes the Host field out of the headers.
        if (name === "host") return request.authority() ?? undefined;
        const values = fields.get(name);
        return values.length === 0 ? undefined : values.map(binaryString).join(", ");
      },
      read: () => readPiece(stream),
    });
  } finally {
    stream[Symbol.dispose]();
    body[Symbol.dispose]();
    fields[Symbol.dispose]();
    request[Symbol.dispose]();
  }
}

function send({ status, headers, body }: HttpAnswer, out: ResponseOutparam): void {
  const content = encodeUtf8(body ?? "");
  const response = openResponse(out, {
    status,
    headers: [...headers, ["content-length", String(content.length)]],
  });
  response.write(content);
  response.end();
}
