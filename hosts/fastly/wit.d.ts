// wit/compute.wit, as QuickJS presents it.

declare module "fastly:compute/http-body@0.1.0" {
  export type Body = object;
  export { create as new };
  function create(): Body;
  export function read(body: Body, chunkSize: number): Uint8Array;
  export function write(body: Body, bytes: Uint8Array): number;
}

declare module "fastly:compute/http-req@0.1.0" {
  export class Request {
    getHeaderValues(name: string, maxLength: number, cursor: number): [Uint8Array, number | null];
    getMethod(maxLength: number): string;
    getUri(maxLength: number): string;
  }
}

declare module "fastly:compute/http-downstream@0.1.0" {
  import type { Request } from "fastly:compute/http-req@0.1.0";

  export function downstreamClientIpAddr(
    request: Request,
  ): { tag: "ipv4"; val: number[] } | { tag: "ipv6"; val: number[] } | null;
}

declare module "fastly:compute/http-resp@0.1.0" {
  import type { Body } from "fastly:compute/http-body@0.1.0";

  export const Response: { "new"(): Response };
  export interface Response {
    appendHeader(name: string, value: Uint8Array): void;
    setStatus(status: number): void;
  }
  export function sendDownstream(response: Response, body: Body): void;
}
