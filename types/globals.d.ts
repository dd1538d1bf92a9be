// The globals of a component beside those of ECMAScript, for projects with `"types": ["tenon/globals"]` and no DOM library.
// docs/runtime.md says what each of them does and does not do.

/// <reference lib="es2024.arraybuffer" />
/// <reference lib="es2024.collection" />
/// <reference lib="es2024.object" />
/// <reference lib="es2024.promise" />
/// <reference lib="es2024.regexp" />
/// <reference lib="es2024.string" />
/// <reference lib="es2025.collection" />
/// <reference lib="es2025.float16" />
/// <reference lib="es2025.iterator" />
/// <reference lib="es2025.promise" />
/// <reference lib="es2025.regexp" />
/// <reference lib="esnext.array" />
/// <reference lib="esnext.collection" />
/// <reference lib="esnext.disposable" />
/// <reference lib="esnext.error" />
/// <reference lib="esnext.typedarrays" />

declare global {
  interface Console {
    assert(condition?: unknown, ...values: unknown[]): void;
    debug(...values: unknown[]): void;
    dir(value?: unknown): void;
    error(...values: unknown[]): void;
    group(...values: unknown[]): void;
    groupCollapsed(...values: unknown[]): void;
    groupEnd(): void;
    info(...values: unknown[]): void;
    log(...values: unknown[]): void;
    table(...values: unknown[]): void;
    trace(...values: unknown[]): void;
    warn(...values: unknown[]): void;
  }
  var console: Console;

  // As TypeScript's own libraries have it: what is passed on is not checked.
  // oxlint-disable-next-line typescript/no-explicit-any
  function setTimeout(run: (...args: any[]) => void, ms?: number, ...args: unknown[]): number;
  // oxlint-disable-next-line typescript/no-explicit-any
  function setInterval(run: (...args: any[]) => void, ms?: number, ...args: unknown[]): number;
  function clearTimeout(id: number | undefined): void;
  function clearInterval(id: number | undefined): void;
  function queueMicrotask(run: () => void): void;

  function atob(base64: string): string;
  function btoa(binary: string): string;
  function structuredClone<T>(value: T, options?: { transfer?: readonly ArrayBuffer[] }): T;

  interface Performance {
    /** Milliseconds. */
    now(): number;
    readonly timeOrigin: number;
  }
  var performance: Performance;

  interface DOMException extends Error {
    readonly code: number;
  }
  var DOMException: { new (message?: string, name?: string): DOMException; prototype: DOMException };

  type BufferSource = ArrayBufferView<ArrayBuffer> | ArrayBuffer;

  interface TextEncoder {
    readonly encoding: string;
    encode(text?: string): Uint8Array<ArrayBuffer>;
    encodeInto(text: string, target: Uint8Array): { read: number; written: number };
  }
  var TextEncoder: { new (): TextEncoder; prototype: TextEncoder };

  interface TextDecoder {
    readonly encoding: string;
    readonly fatal: boolean;
    readonly ignoreBOM: boolean;
    decode(input?: ArrayBufferView | ArrayBufferLike, options?: { stream?: boolean }): string;
  }
  var TextDecoder: {
    /** @throws RangeError for a label other than those of UTF-8. */
    new (
      label?: string,
      options?: { fatal?: boolean | undefined; ignoreBOM?: boolean | undefined },
    ): TextDecoder;
    prototype: TextDecoder;
  };

  interface URL {
    href: string;
    readonly origin: string;
    protocol: string;
    username: string;
    password: string;
    host: string;
    hostname: string;
    port: string;
    pathname: string;
    search: string;
    readonly searchParams: URLSearchParams;
    hash: string;
    toString(): string;
    toJSON(): string;
  }
  var URL: {
    new (url: string | URL, base?: string | URL): URL;
    prototype: URL;
    canParse(url: string | URL, base?: string | URL): boolean;
    parse(url: string | URL, base?: string | URL): URL | null;
  };

  interface URLSearchParams {
    readonly size: number;
    append(name: string, value: string): void;
    delete(name: string, value?: string): void;
    get(name: string): string | null;
    getAll(name: string): string[];
    has(name: string, value?: string): boolean;
    set(name: string, value: string): void;
    sort(): void;
    forEach(each: (value: string, name: string, params: URLSearchParams) => void): void;
    entries(): IteratorObject<[string, string], undefined>;
    keys(): IteratorObject<string, undefined>;
    values(): IteratorObject<string, undefined>;
    [Symbol.iterator](): IteratorObject<[string, string], undefined>;
    toString(): string;
  }
  var URLSearchParams: {
    new (
      init?:
        | string
        | URLSearchParams
        | Iterable<readonly [string, string]>
        | Readonly<Record<string, string>>,
    ): URLSearchParams;
    prototype: URLSearchParams;
  };

  interface Crypto {
    getRandomValues<T extends ArrayBufferView>(target: T): T;
    randomUUID(): `${string}-${string}-${string}-${string}-${string}`;
    readonly subtle: SubtleCrypto;
  }
  var crypto: Crypto;

  type HashAlgorithm = "SHA-1" | "SHA-256" | "SHA-384" | "SHA-512";

  interface SubtleCrypto {
    digest(algorithm: HashAlgorithm | { name: HashAlgorithm }, data: BufferSource): Promise<ArrayBuffer>;
    importKey(
      format: "raw",
      bytes: BufferSource,
      algorithm: { name: "HMAC"; hash: HashAlgorithm | { name: HashAlgorithm } },
      extractable: boolean,
      usages: readonly ("sign" | "verify")[],
    ): Promise<CryptoKey>;
    importKey(
      format: "jwk",
      key: JsonWebKey,
      algorithm: { name: "ECDSA"; namedCurve: "P-256" },
      extractable: boolean,
      usages: readonly "verify"[],
    ): Promise<CryptoKey>;
    importKey(
      format: "raw",
      point: BufferSource,
      algorithm: { name: "ECDSA"; namedCurve: "P-256" },
      extractable: boolean,
      usages: readonly "verify"[],
    ): Promise<CryptoKey>;
    sign(algorithm: "HMAC" | { name: "HMAC" }, key: CryptoKey, data: BufferSource): Promise<ArrayBuffer>;
    verify(
      algorithm:
        | "HMAC"
        | { name: "HMAC" }
        | {
            name: "ECDSA";
            hash: Exclude<HashAlgorithm, "SHA-1"> | { name: Exclude<HashAlgorithm, "SHA-1"> };
          },
      key: CryptoKey,
      signature: BufferSource,
      data: BufferSource,
    ): Promise<boolean>;
  }

  /** A public key on a curve (RFC 7517; RFC 7518, section 6.2). */
  interface JsonWebKey {
    readonly kty?: string;
    readonly crv?: string;
    readonly x?: string;
    readonly y?: string;
    readonly alg?: string;
    readonly use?: string;
    readonly key_ops?: string[];
    readonly ext?: boolean;
  }

  interface CryptoKey {
    readonly type: "public" | "secret";
    readonly extractable: boolean;
    readonly algorithm:
      | {
          readonly name: "HMAC";
          readonly hash: { readonly name: HashAlgorithm };
          /** In bits. */
          readonly length: number;
        }
      | { readonly name: "ECDSA"; readonly namedCurve: "P-256" };
    readonly usages: readonly ("sign" | "verify")[];
  }
  var CryptoKey: { prototype: CryptoKey };

  interface Event {
    readonly type: string;
    readonly target: EventTarget | null;
    readonly currentTarget: EventTarget | null;
    readonly cancelable: boolean;
    readonly defaultPrevented: boolean;
    readonly timeStamp: number;
    preventDefault(): void;
    stopImmediatePropagation(): void;
    stopPropagation(): void;
  }
  var Event: { new (type: string, options?: { cancelable?: boolean }): Event; prototype: Event };

  type EventListener = ((event: Event) => void) | { handleEvent(event: Event): void };

  interface EventTarget {
    addEventListener(
      type: string,
      listener: EventListener | null,
      options?: boolean | { once?: boolean; signal?: AbortSignal },
    ): void;
    removeEventListener(type: string, listener: EventListener | null): void;
    dispatchEvent(event: Event): boolean;
  }
  var EventTarget: { new (): EventTarget; prototype: EventTarget };

  interface AbortSignal extends EventTarget {
    readonly aborted: boolean;
    // oxlint-disable-next-line typescript/no-explicit-any -- as TypeScript's own libraries have it
    readonly reason: any;
    onabort: ((event: Event) => void) | null;
    throwIfAborted(): void;
  }
  var AbortSignal: {
    prototype: AbortSignal;
    abort(reason?: unknown): AbortSignal;
    any(signals: Iterable<AbortSignal>): AbortSignal;
    /** @param ms Milliseconds. */
    timeout(ms: number): AbortSignal;
  };

  interface AbortController {
    readonly signal: AbortSignal;
    abort(reason?: unknown): void;
  }
  var AbortController: { new (): AbortController; prototype: AbortController };

  type HeadersInit = Headers | Iterable<readonly [string, string]> | Readonly<Record<string, string>>;

  interface Headers {
    append(name: string, value: string): void;
    delete(name: string): void;
    get(name: string): string | null;
    getSetCookie(): string[];
    has(name: string): boolean;
    set(name: string, value: string): void;
    forEach(each: (value: string, name: string, headers: Headers) => void): void;
    entries(): IteratorObject<[string, string], undefined>;
    keys(): IteratorObject<string, undefined>;
    values(): IteratorObject<string, undefined>;
    [Symbol.iterator](): IteratorObject<[string, string], undefined>;
  }
  var Headers: { new (init?: HeadersInit): Headers; prototype: Headers };

  type BodyInit = string | BufferSource | URLSearchParams;

  interface Body {
    readonly body: null;
    readonly bodyUsed: boolean;
    arrayBuffer(): Promise<ArrayBuffer>;
    bytes(): Promise<Uint8Array<ArrayBuffer>>;
    // oxlint-disable-next-line typescript/no-explicit-any -- as TypeScript's own libraries have it
    json(): Promise<any>;
    text(): Promise<string>;
  }

  interface RequestInit {
    method?: string | undefined;
    headers?: HeadersInit | undefined;
    body?: BodyInit | null | undefined;
    /** Default `follow`: at most 3. */
    redirect?: "follow" | "error" | "manual" | undefined;
    signal?: AbortSignal | null | undefined;
  }

  interface Request extends Body {
    /** In upper case. */
    readonly method: string;
    readonly url: string;
    readonly headers: Headers;
    readonly redirect: "follow" | "error" | "manual";
    readonly signal: AbortSignal;
    clone(): Request;
  }
  var Request: { new (input: string | URL | Request, init?: RequestInit): Request; prototype: Request };

  interface ResponseInit {
    status?: number | undefined;
    statusText?: string | undefined;
    headers?: HeadersInit | undefined;
  }

  interface Response extends Body {
    readonly status: number;
    readonly statusText: string;
    readonly ok: boolean;
    readonly headers: Headers;
    readonly type: string;
    readonly url: string;
    readonly redirected: boolean;
    clone(): Response;
  }
  var Response: {
    new (body?: BodyInit | null, init?: ResponseInit): Response;
    prototype: Response;
    json(data: unknown, init?: ResponseInit): Response;
    redirect(url: string | URL, status?: number): Response;
  };

  /** Needs `capabilities: { http: "why" }`. Rejects with a `ServiceError` when there is no response. */
  function fetch(input: string | URL | Request, init?: RequestInit): Promise<Response>;
}

// oxlint-disable-next-line unicorn/require-module-specifiers -- what makes this a module
export {};
