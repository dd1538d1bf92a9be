import type { ResponseOutparam } from "tenon-wasi:http/types@0.2.0";
import { streamPart } from "../../src/protocol/index.ts";
import { closeOutbox, openOutbox, type Heard } from "../wasi/outbox.ts";
import { encodeUtf8 } from "../wasi/text.ts";
import { openResponse, type OpenResponse } from "./response.ts";

export { outbox } from "../wasi/outbox.ts";

let unsent: ResponseOutparam | undefined;
let stream: OpenResponse | undefined;

/** `reply` of `wit/reply.wit`: the first notification that its client wants makes the response an event stream. */
export const reply = {
  open(out: ResponseOutparam, wanted: string): void {
    unsent = out;
    stream = undefined;
    const heard = JSON.parse(wanted) as Heard;
    openOutbox(heard, (text) => {
      const { body, ...head } = streamPart(text);
      stream ??= begin({ ...head, ...(heard.headers && { headers: heard.headers }) });
      return stream.write(encodeUtf8(body!));
    });
  },
  close(): ResponseOutparam | undefined {
    closeOutbox();
    const out = unsent;
    unsent = undefined;
    return out;
  },
  end(rest: string): void {
    stream?.write(encodeUtf8(rest));
    stream?.end();
    stream = undefined;
  },
};

function begin(head: { status: number; headers: readonly [string, string][] }): OpenResponse {
  const out = unsent!;
  unsent = undefined;
  return openResponse(out, head);
}
