// The interfaces every adapter uses, as QuickJS presents them: a failed `result` is thrown, `option` is the value or null.

/// <reference lib="esnext.disposable" />

declare module "tenon:adapter/call@0.1.0" {
  export function begin(authorization: string | undefined): void;
  export function finish(): void;
}

declare module "tenon:adapter/environment@0.1.0" {
  export function get(name: string): string | null;
}

declare module "tenon:mcp/handler@0.1.0" {
  interface RpcError {
    code: number;
    message: string;
    data: string | null;
  }

  export type Outcome =
    | { tag: "success"; val: string }
    | { tag: "failure"; val: RpcError }
    | { tag: "refused"; val: { status: number; headers: [string, string][]; error: RpcError } }
    | { tag: "input-required"; val: { requests: string; state: string | null } }
    | { tag: "accepted" };

  export function handle(
    context: string,
    request: {
      id: string | undefined;
      method: string;
      target: string | undefined;
      params: string | undefined;
    },
  ): Outcome;
}

declare module "tenon-wasi:io/streams@0.2.0" {
  export class InputStream {
    blockingRead(length: number): Uint8Array;
    [Symbol.dispose](): void;
  }

  export class OutputStream {
    blockingWriteAndFlush(contents: Uint8Array): void;
    [Symbol.dispose](): void;
  }
}
