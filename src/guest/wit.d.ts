// The host interfaces the guest runtime imports, as QuickJS presents them: the error of a `result` is the `payload` of what is thrown.

type Nothing = null | undefined;

declare module "tenon:mcp/audit@0.1.0" {
  export function record(facts: string): void;
  export function take(): string;
}

declare module "tenon:mcp/crypto@0.1.0" {
  export function sha1(data: string): string;
  export function sha256(data: string): string;
  export function sha256OfText(text: string): string;
  export function sha384(data: string): string;
  export function sha512(data: string): string;
  export function isP256Key(key: string): boolean;
  export function verifyP256(key: string, digest: string, signature: string): boolean;
}

declare module "tenon:host/config@0.1.0" {
  export function get(key: string): string | Nothing;
}

declare module "tenon:host/http@0.1.0" {
  export type Body = { tag: "text"; val: string } | { tag: "bytes"; val: Uint8Array };
  export interface Request {
    method: string;
    origin: string;
    pathWithQuery: string;
    headers: [name: string, value: string][];
    body: Body | Nothing;
    timeoutMs: number | Nothing;
  }
  export interface Response {
    status: number;
    headers: [name: string, value: string][];
    body: Body;
  }
  export interface Completion {
    token: number;
    response: { tag: "ok"; val: Response } | { tag: "err"; val: { tag: string; val?: string | null } };
  }
  export function start(request: Request): number;
  export function waitAny(tokens: number[], timeoutMs: number | Nothing): Completion | Nothing;
  export function cancel(token: number): void;
}

declare module "tenon:host/kv@0.1.0" {
  export function getFeatures(): { swap: boolean; persistent: boolean; consistency: "strong" | "eventual" };
  export function get(key: string): { value: string; version: string } | Nothing;
  export function set(key: string, value: string, ttlSeconds: number | Nothing): void;
  function remove(key: string): void;
  export { remove as delete };
  export function swap(
    key: string,
    expected: string | Nothing,
    value: string,
    ttlSeconds: number | Nothing,
  ): boolean;
  export function increment(key: string, delta: number, ttlSeconds: number | Nothing): number;
  export function list(
    prefix: string,
    cursor: string | Nothing,
    limit: number,
  ): { keys: string[]; next: string | Nothing };
}

declare module "tenon:host/log@0.1.0" {
  export interface Entry {
    level: "debug" | "info" | "notice" | "warning" | "error" | "critical" | "alert" | "emergency";
    source?: string | Nothing;
    message: string;
    fields?: string | Nothing;
  }
  export function write(line: Entry): void;
}

declare module "tenon:host/secrets@0.1.0" {
  export function get(name: string): string;
}

declare module "tenon:mcp/outbox@0.1.0" {
  export function cancelled(): boolean;
}

declare module "wasi:random/random@0.2.0" {
  export function getRandomBytes(length: number): Uint8Array;
}

declare module "wasi:clocks/monotonic-clock@0.2.0" {
  /** Nanoseconds. */
  export function subscribeDuration(nanoseconds: number): { block(): void };
}
