import type { ResponseOutparam } from "tenon-wasi:http/types@0.2.0";
import type { Outcome } from "tenon:mcp/handler@0.1.0";
import type { HttpAnswer, HttpRequestHead } from "../../src/protocol/index.ts";
import { createExchange, type Content, type HttpAdapterParts } from "../wasi/exchange.ts";
import { encodeUtf8 } from "../wasi/text.ts";
import { openResponse } from "./response.ts";

/** `reply` of `wit/reply.wit`, in bundles of cores that notify. */
interface Reply {
  open(out: ResponseOutparam, wanted: string): void;
  close(): ResponseOutparam | null;
  end(rest: string): void;
}

/** Makes `exchange` of `wit/front.wit`. */
export function createAdapter({ facts, reply, getKeys }: HttpAdapterParts<Reply>): {
  exchange: {
    handle(head: string, content: Content, out: ResponseOutparam): void;
    finish(head: string, content: string, outcome: Outcome, out: ResponseOutparam): void;
  };
} {
  const exchange = createExchange(facts, { getKeys, notifies: reply !== undefined });

  function handle(head: string, content: Content, out: ResponseOutparam): void {
    let unsent: ResponseOutparam | null = out;
    const notifications = reply && {
      open: (wanted: string) => reply.open(out, wanted),
      close() {
        unsent = reply.close();
        return unsent === null;
      },
    };
    const answer = exchange({ ...parseHead(head), content: () => content }, { notifications });
    if (unsent === null) reply!.end(answer.body ?? "");
    else send(answer, unsent);
  }

  function finish(head: string, content: string, outcome: Outcome, out: ResponseOutparam): void {
    const incoming = { ...parseHead(head), content: (): Content => ({ tag: "text", val: content }) };
    send(exchange(incoming, { outcome }), out);
  }

  return { exchange: { handle, finish } };
}

/** The head of a request from the lines that the front makes of it. */
function parseHead(text: string): HttpRequestHead {
  const lines = text.split("\n");
  const [method, path, authority] = lines as [string, string, string];
  const fields = new Map<string, string>();
  for (let at = 3; at + 1 < lines.length; at += 2) {
    const [name, value] = [lines[at]!, lines[at + 1]!];
    const before = fields.get(name);
    fields.set(name, before === undefined ? value : `${before}, ${value}`);
  }
  // The host takes the Host field out of the fields.
  if (authority === "") fields.delete("host");
  else fields.set("host", authority);
  return { method, path, headers: (name) => fields.get(name) };
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
