// The interfaces every adapter uses, as QuickJS presents them: a failed `result` is thrown, `option` is the value or null.

/// <reference lib="esnext.disposable" />

declare module "tenon:adapter/call@0.1.0" {
  export function begin(authorization: string | undefined): void;
  export function finish(): void;
  export function number(): number;
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

declare module "tenon-wasi:io/poll@0.2.0" {
  export class Pollable {
    [Symbol.dispose](): void;
  }

  /** The places of those that are ready. */
  export function poll(pollables: readonly Pollable[]): Uint32Array;
}

declare module "tenon-wasi:clocks/monotonic-clock@0.2.0" {
  import type { Pollable } from "tenon-wasi:io/poll@0.2.0";

  export function subscribeDuration(nanoseconds: number): Pollable;
}

declare module "tenon-wasi:io/streams@0.2.0" {
  import type { Pollable } from "tenon-wasi:io/poll@0.2.0";

  export class InputStream {
    blockingRead(length: number): Uint8Array;
    read(length: number): Uint8Array;
    subscribe(): Pollable;
    [Symbol.dispose](): void;
  }

  export class OutputStream {
    blockingWriteAndFlush(contents: Uint8Array): void;
    checkWrite(): number;
    write(contents: Uint8Array): void;
    subscribe(): Pollable;
    [Symbol.dispose](): void;
  }
}
