// wit/http.wit, as QuickJS presents it.

/// <reference lib="esnext.disposable" />

declare module "tenon-wasi:http/types@0.2.0" {
  import type { Pollable } from "tenon-wasi:io/poll@0.2.0";
  import type { InputStream, OutputStream } from "tenon-wasi:io/streams@0.2.0";

  /** How it ended, where a function has more to say than that. */
  type Result<Ok, Err> = { tag: "ok"; val: Ok } | { tag: "err"; val: Err };

  /** A case of `error-code`. */
  export interface ErrorCode {
    tag: string;
  }

  export class Fields {
    static fromList(entries: [string, Uint8Array][]): Fields;
    entries(): [string, Uint8Array][];
    [Symbol.dispose](): void;
  }

  export class IncomingBody {
    stream(): InputStream;
    [Symbol.dispose](): void;
  }

  export class OutgoingRequest {
    constructor(headers: Fields);
    body(): OutgoingBody;
    setMethod(method: { tag: string; val?: string }): void;
    setPathWithQuery(pathWithQuery: string): void;
    setScheme(scheme: { tag: "HTTP" } | { tag: "HTTPS" }): void;
    setAuthority(authority: string): void;
    [Symbol.dispose](): void;
  }

  export class IncomingResponse {
    status(): number;
    headers(): Fields;
    consume(): IncomingBody;
    [Symbol.dispose](): void;
  }

  export class FutureIncomingResponse {
    subscribe(): Pollable;
    get(): Result<Result<IncomingResponse, ErrorCode>, undefined> | null;
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

declare module "tenon-wasi:http/outgoing-handler@0.2.0" {
  import type { FutureIncomingResponse, OutgoingRequest } from "tenon-wasi:http/types@0.2.0";

  export function handle(request: OutgoingRequest, options: undefined): FutureIncomingResponse;
}
