// What QuickJS behind wasi:http costs at the least: a constant answer, without reading the request.
import { Fields, OutgoingBody, OutgoingResponse, ResponseOutparam } from "tenon-wasi:http/types@0.2.0";

/** The text of constant.wat. */
const TEXT = '{"jsonrpc":"2.0","id":1,"result":{}}';
const BODY = Uint8Array.from({ length: TEXT.length }, (_, i) => TEXT.charCodeAt(i));

export const incomingHandler = {
  handle(_request: unknown, out: ResponseOutparam): void {
    const response = new OutgoingResponse(Fields.fromList([]));
    const body = response.body();
    ResponseOutparam.set(out, { tag: "ok", val: response });
    const stream = body.write();
    stream.blockingWriteAndFlush(BODY);
    stream[Symbol.dispose]();
    OutgoingBody.finish(body, undefined);
  },
};
