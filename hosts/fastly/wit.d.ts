// wit/compute.wit, as QuickJS presents it.

declare module "fastly:compute/http-body@0.1.0" {
  export type Body = object;
  export { create as new };
  function create(): Body;
  export function read(body: Body, chunkSize: number): Uint8Array;
  export function write(body: Body, bytes: Uint8Array): number;
  export function close(body: Body): void;
}

declare module "fastly:compute/async-io@0.1.0" {
  export function selectWithTimeout(handles: object[], timeoutMs: number): number | null;
}

declare module "fastly:compute/backend@0.1.0" {
  export const Backend: { open(name: string): Backend };
  export type Backend = object;
}

declare module "fastly:compute/http-req@0.1.0" {
  import type { Backend } from "fastly:compute/backend@0.1.0";
  import type { Body } from "fastly:compute/http-body@0.1.0";
  import type { Response } from "fastly:compute/http-resp@0.1.0";

  export const Request: { "new"(): Request };
  export interface Request {
    appendHeader(name: string, value: Uint8Array): void;
    getHeaderValues(name: string, maxLength: number, cursor: number): [Uint8Array, number | null];
    getMethod(maxLength: number): string;
    getUri(maxLength: number): string;
    setMethod(method: string): void;
    setUri(uri: string): void;
  }
  export interface PendingResponse {
    [Symbol.dispose](): void;
  }
  export function sendAsyncUncached(request: Request, body: Body, backend: Backend): PendingResponse;
  export function awaitResponse(pending: PendingResponse): [Response, Body];
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
    getHeaderNames(maxLength: number, cursor: number): [string, number | null];
    getHeaderValues(name: string, maxLength: number, cursor: number): [Uint8Array, number | null];
    getStatus(): number;
    setStatus(status: number): void;
  }
  export function sendDownstream(response: Response, body: Body): void;
  export function sendDownstreamStreaming(response: Response, body: Body): void;
}

declare module "fastly:compute/config-store@0.1.0" {
  export const Store: { open(name: string): Store };
  export interface Store {
    get(key: string, maxLength: number): string | null;
  }
}

declare module "fastly:compute/secret-store@0.1.0" {
  export const Store: { open(name: string): Store };
  export interface Store {
    get(name: string): Secret | null;
  }
  export interface Secret {
    plaintext(maxLength: number): Uint8Array;
  }
}

declare module "fastly:compute/erl@0.1.0" {
  export const RateCounter: { open(name: string): RateCounter };
  export interface RateCounter {
    increment(entry: string, delta: number): void;
    lookupCount(entry: string, durationSeconds: number): number;
  }
}

declare module "fastly:compute/kv-store@0.1.0" {
  import type { Body } from "fastly:compute/http-body@0.1.0";

  export const Store: { open(name: string): Store };
  export interface Store {
    lookupAsync(key: string): object;
    insertAsync(key: string, body: Body, options: InsertOptions): object;
    deleteAsync(key: string): object;
    listAsync(options: ListOptions): object;
  }
  export interface Entry {
    takeBody(): Body | null;
    metadata(maxLength: number): string | null;
  }
  export interface InsertOptions {
    backgroundFetch: boolean;
    ifGenerationMatch: undefined;
    metadata: string | undefined;
    timeToLiveSec: number | undefined;
    mode: "overwrite" | "add";
    extra: undefined;
  }
  interface ListOptions {
    mode: "strong";
    cursor: string | undefined;
    limit: number;
    prefix: string;
    extra: undefined;
  }
  export function awaitLookup(pending: object): Entry | null;
  export function awaitInsert(pending: object): void;
  export function awaitDelete(pending: object): boolean;
  export function awaitList(pending: object): Body;
}

declare module "tenon:fastly/generations@0.1.0" {
  import type { Body } from "fastly:compute/http-body@0.1.0";
  import type { Entry, Store } from "fastly:compute/kv-store@0.1.0";

  export function read(entry: Entry): [number, number];
  export function insert(
    store: Store,
    key: string,
    body: Body,
    generation: [number, number],
    metadata: string | undefined,
    timeToLiveSec: number | undefined,
  ): object;
}
