/** `fetch` as the globals of the author's project have it: those of `tenon/globals`, of DOM or of Node. */
export type Fetch = typeof globalThis extends { fetch: infer F } ? F : never;

/** `AbortSignal` as the globals of the author's project have it. */
export type Signal = typeof globalThis extends { AbortSignal: { prototype: infer S } } ? S : never;

/** Requests to the origins that a grant names. */
export interface Http {
  /**
   * The same function as the global `fetch`. It rejects with a {@link ServiceError} when there is no response: `denied`
   * when no grant covers the request. Follows at most 3 redirects, each under the same grant.
   */
  readonly fetch: Fetch;
}

/** A value, and the state it was read in. */
export interface KvEntry {
  readonly value: string;
  /** For {@link Kv.swap}. Opaque. */
  readonly version: string;
}

/** What the store behind {@link Kv} can do. */
export interface KvFeatures {
  /** True when `swap` and `increment` are atomic. */
  readonly swap: boolean;
  /** True when values outlive the instance that wrote them. */
  readonly persistent: boolean;
  readonly consistency: "strong" | "eventual";
}

/** How a key is written. */
export interface KvWriteOptions {
  /** Seconds until the key expires, at least 1. Default: never. */
  readonly ttlSeconds?: number;
}

/** Keys with text values, under the prefixes that a grant names. Each method rejects with a {@link ServiceError}. */
export interface Kv {
  features(): Promise<KvFeatures>;
  /** The value of a key; nothing when it was never set, was deleted or has expired. */
  get(key: string): Promise<string | undefined>;
  /** The same with the state it was read in. */
  getEntry(key: string): Promise<KvEntry | undefined>;
  /** Writes a key whatever it held. */
  set(key: string, value: string, options?: KvWriteOptions): Promise<void>;
  /** Removes a key. Removing an absent key succeeds. */
  delete(key: string): Promise<void>;
  /**
   * Writes a key only if it is still in the state `expected` (`undefined`: only if it is absent). True when it was
   * written.
   */
  swap(key: string, expected: string | undefined, value: string, options?: KvWriteOptions): Promise<boolean>;
  /** Adds to a whole number and returns the sum; an absent key counts as 0, and only then does the expiry apply. */
  increment(key: string, delta?: number, options?: KvWriteOptions): Promise<number>;
  /** One page of the keys under a prefix, in ascending order of their UTF-8 bytes. */
  list(
    prefix: string,
    options?: { readonly cursor?: string; /** 1 to 1,000. Default 100. */ readonly limit?: number },
  ): Promise<{ readonly keys: readonly string[]; /** Where the next page starts. */ readonly next?: string }>;
}

/** Keys of the host's configuration that a grant names. */
export interface Config {
  /** The value of a key; nothing when the host has none. Rejects with a {@link ServiceError}. */
  get(key: string): Promise<string | undefined>;
}

/** Secrets that a grant names. */
export interface Secrets {
  /** The value of a secret. Rejects with a {@link ServiceError}, `missing` when the host has none. */
  get(name: string): Promise<string>;
}

/** What a host may lend to a component. */
export interface Services {
  readonly http: Http;
  readonly kv: Kv;
  readonly config: Config;
  readonly secrets: Secrets;
}

/** Name of a service, as {@link Capabilities} declares it. */
export type ServiceName = keyof Services;

/** All names of services. */
export const SERVICE_NAMES: readonly ServiceName[] = ["http", "kv", "config", "secrets"];

/**
 * What a component needs of its host, and why. Only what stands here is imported, and each needs a grant in `tenon.json`
 * on top: whoever grants it reads the reason.
 */
export type Capabilities = { readonly [Name in ServiceName]?: string };

/** Why a service failed. Its message names the service and the reason; `code` is the case of the WIT error. */
export class ServiceError extends Error {
  override readonly name = "ServiceError";
  readonly service: ServiceName;
  /** `denied`, `timeout`, `too-large`, `unavailable` and so on, as `wit/deps/host` lists them. */
  readonly code: string;

  constructor(service: ServiceName, code: string, message: string) {
    super(message);
    this.service = service;
    this.code = code;
  }
}
