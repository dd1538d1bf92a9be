import { close, new as newBody, type Body } from "fastly:compute/http-body@0.1.0";
import { sendDownstreamStreaming } from "fastly:compute/http-resp@0.1.0";
import { streamPart } from "../../src/protocol/index.ts";
import { closeOutbox, openOutbox, type Heard } from "../wasi/outbox.ts";
import { encodeUtf8 } from "../wasi/text.ts";
import { writeAll } from "./body.ts";
import { createResponse } from "./response.ts";

export { outbox } from "../wasi/outbox.ts";

let stream: Body | undefined;

/** `reply` of `wit/reply.wit`: the first notification that its client wants makes the response an event stream. */
export const reply = {
  open(wanted: string): void {
    stream = undefined;
    const heard = JSON.parse(wanted) as Heard;
    openOutbox(heard, (text) => {
      const { body, ...head } = streamPart(text);
      stream ??= begin({ ...head, ...(heard.headers && { headers: heard.headers }) });
      return send(stream, body!);
    });
  },
  close(): boolean {
    closeOutbox();
    return stream !== undefined;
  },
  end(rest: string): void {
    if (stream === undefined) return;
    // Without the last part the stream is not closed: the client then sees that it broke off.
    if (send(stream, rest)) close(stream);
    stream = undefined;
  },
};

function begin(head: Parameters<typeof createResponse>[0]): Body {
  const body = newBody();
  sendDownstreamStreaming(createResponse(head), body);
  return body;
}

/** False when the client has gone away. */
function send(body: Body, text: string): boolean {
  try {
    writeAll(body, encodeUtf8(text));
    return true;
  } catch {
    return false;
  }
}
