// wit/wasi-http.wit, as QuickJS presents it.

declare module "tenon-wasi:http/types@0.2.0" {
  import type { InputStream, OutputStream } from "tenon-wasi:io/streams@0.2.0";

  export class Fields {
    static fromList(entries: [string, Uint8Array][]): Fields;
    get(name: string): Uint8Array[];
    [Symbol.dispose](): void;
  }

  export class IncomingBody {
    stream(): InputStream;
    [Symbol.dispose](): void;
  }

  export class IncomingRequest {
    method(): { tag: string; val?: string };
    pathWithQuery(): string | null;
    authority(): string | null;
    headers(): Fields;
    consume(): IncomingBody;
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
