// What this host lends to cores, as functions on the main thread. Workers reach them by messages and wait; guests see the
// interfaces of `wit/deps/host`.

/** A request of `tenon:host/http`, whose WIT says what each member holds. */
export interface HttpServiceRequest {
  method: string;
  origin: string;
  pathWithQuery: string;
  headers: readonly (readonly [name: string, value: string])[];
  body: string | Uint8Array | undefined;
  timeoutMs: number | undefined;
}

/** A response of `tenon:host/http`. */
export interface HttpServiceResponse {
  status: number;
  headers: readonly (readonly [name: string, value: string])[];
  /** A string exactly when the bytes are valid UTF-8. */
  body: string | Uint8Array;
}

/** Thrown by a service for what its WIT calls an error; `tag` and `val` are the case and its payload. */
export class ServiceFailure extends Error {
  override readonly name = "ServiceFailure";
  readonly tag: string;
  readonly val: string | undefined;

  constructor(tag: string, val?: string) {
    super(val === undefined ? tag : `${tag}: ${val}`);
    this.tag = tag;
    this.val = val;
  }
}

/** Keys with text values, as `tenon:host/kv` describes each function. Failures are {@link ServiceFailure}s. */
export interface KvStore {
  readonly features: { swap: boolean; persistent: boolean; consistency: "strong" | "eventual" };
  /** True when other processes use the same keys. Default false. */
  readonly isShared?: boolean;
  get(key: string): Promise<{ value: string; version: string } | undefined>;
  set(key: string, value: string, ttlSeconds: number | undefined): Promise<void>;
  delete(key: string): Promise<void>;
  swap(
    key: string,
    expected: string | undefined,
    value: string,
    ttlSeconds: number | undefined,
  ): Promise<boolean>;
  increment(key: string, delta: number, ttlSeconds: number | undefined): Promise<number>;
  list(
    prefix: string,
    cursor: string | undefined,
    limit: number,
  ): Promise<{ keys: string[]; next: string | undefined }>;
  close(): Promise<void>;
}

/** Everything a core may reach beyond its log, clocks and random numbers. What is absent is denied. */
export interface HostServices {
  /** Sends a request and buffers its response; never follows a redirect. Rejects with a {@link ServiceFailure}. */
  http?: (request: HttpServiceRequest, signal: AbortSignal) => Promise<HttpServiceResponse>;
  kv?: KvStore;
  config?: (key: string) => Promise<string | undefined>;
  /** Rejects with the {@link ServiceFailure} `missing` when there is no value. */
  secrets?: (name: string) => Promise<string>;
  /** Milliseconds since 1970-01-01T00:00:00Z, in place of the system's clock. For tests. */
  now?: () => number;
}
