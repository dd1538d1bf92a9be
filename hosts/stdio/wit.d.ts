// Standard streams of hosts/wasi/wit/wasi.wit, as QuickJS presents them.

declare module "tenon-wasi:cli/stdin@0.2.0" {
  import type { InputStream } from "tenon-wasi:io/streams@0.2.0";

  export function getStdin(): InputStream;
}

declare module "tenon-wasi:cli/stdout@0.2.0" {
  import type { OutputStream } from "tenon-wasi:io/streams@0.2.0";

  export function getStdout(): OutputStream;
}
