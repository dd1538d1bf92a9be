// wit/wasi-http.wit, as QuickJS presents it.

declare module "tenon-wasi:http/types@0.2.0" {
  import type { OutputStream } from "tenon-wasi:io/streams@0.2.0";

  export class Fields {
    static fromList(entries: [string, Uint8Array][]): Fields;
    [Symbol.dispose](): void;
  }

  export class OutgoingBody {
    static finish(body: OutgoingBody, trailers: Fields | undefined): void;
    write(): OutputStream;
    [Symbol.dispose](): void;
  }

  export class OutgoingResponse {
    constructor(headers: Fields);
    setStatusCode(status: number): void;
    body(): OutgoingBody;
  }

  export type ResponseOutparam = object;
  export const ResponseOutparam: {
    set(out: ResponseOutparam, response: { tag: "ok"; val: OutgoingResponse }): void;
  };
}
