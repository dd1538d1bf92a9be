import { grants } from "./grants.ts";
import { ServiceError } from "./service-error.ts";
import { binaryString, decodeUtf8, encodeUtf8 } from "./text.ts";

const MAX_KEY_BYTES = 512;
/** Bytes of UTF-8 in a value. */
export const MAX_VALUE_BYTES = 1024 * 1024;
const MAX_PAGE = 1000;
/** Times a write tries before it gives up against other writers. */
const MAX_TRIES = 8;
/** What keys of the host itself start with, here as everywhere. */
const HOST_KEYS = "\0tenon/";

/** What a key holds, as it lies in a store. */
export interface StoredValue {
  value: string;
  /** Another one after each write. */
  version: string;
  /** When it ends, in milliseconds since 1970; nothing when it does not. A store may still have it then. */
  expires: number | undefined;
}

/** A key that is about to be written. */
export interface Found<Place> {
  /** What {@link KeyStore.writeOver} needs to know of it. */
  place: Place;
  stored: StoredValue | undefined;
}

/** A page of keys. */
export interface Page {
  keys: string[];
  next: string | undefined;
}

/** A store of a host, by keys as {@link storedKey} writes them. Its failures are instances of `ServiceError`. */
export interface KeyStore<Place> {
  features: StoreFeatures;
  read: (key: string) => StoredValue | undefined;
  find: (key: string) => Found<Place>;
  /** False when the key is no longer as it was found. */
  writeOver: (place: Place, key: string, value: string, expires: number | undefined) => boolean;
  /** Writes a key whatever it holds. */
  overwrite: (key: string, value: string, expires: number | undefined) => void;
  remove: (key: string) => void;
  /** Keys in ascending order. */
  list: (prefix: string, cursor: string | null, limit: number) => Page;
}

/** What a store can do, as `features` of `wit/deps/host/kv.wit`. */
export interface StoreFeatures {
  swap: boolean;
  persistent: boolean;
  consistency: "strong" | "eventual";
}

/** `tenon:host/kv`, as the engine calls it. Failures are instances of `ServiceError`. */
export interface Kv {
  getFeatures: () => StoreFeatures;
  get: (key: string) => { value: string; version: string } | undefined;
  set: (key: string, value: string, ttlSeconds: number | null) => void;
  delete: (key: string) => void;
  swap: (key: string, expected: string | null, value: string, ttlSeconds: number | null) => boolean;
  increment: (key: string, delta: number, ttlSeconds: number | null) => number;
  list: (prefix: string, cursor: string | null, limit: number) => Page;
}

/** `tenon:host/kv` of a store that knows no time, or takes its time to delete. */
export function keptKeys<Place>(store: KeyStore<Place>): Kv {
  return {
    getFeatures: () => store.features,

    get(key: string) {
      const current = live(store.read(checkedKey(key)));
      return current && { value: current.value, version: current.version };
    },

    set(key: string, value: string, ttlSeconds: number | null) {
      store.overwrite(checkedKey(key), value, checkWrite(value, ttlSeconds));
    },

    delete(key: string) {
      store.remove(checkedKey(key));
    },

    swap(key: string, expected: string | null, value: string, ttlSeconds: number | null) {
      const stored = checkedKey(key);
      const expires = checkWrite(value, ttlSeconds);
      const found = store.find(stored);
      if ((live(found.stored)?.version ?? null) !== expected) return false;
      return store.writeOver(found.place, stored, value, expires);
    },

    increment(key: string, delta: number, ttlSeconds: number | null) {
      const stored = checkedKey(key);
      if (!Number.isSafeInteger(delta))
        throw new ServiceError("invalid", "delta is not a whole number within ±(2^53 − 1)");
      const fresh = checkWrite("", ttlSeconds);
      return untilWritten(store, stored, (current) => {
        const sum = wholeNumber(current?.value ?? "0") + delta;
        if (!Number.isSafeInteger(sum))
          throw new ServiceError("invalid", "the sum is not within ±(2^53 − 1)");
        return { value: String(sum), expires: current === undefined ? fresh : current.expires, result: sum };
      });
    },

    list(prefix: string, cursor: string | null, limit: number) {
      const stored = prefix === "" ? "" : checkedKey(prefix);
      if (HOST_KEYS.startsWith(prefix)) throw denied();
      if (!Number.isInteger(limit) || limit < 1 || limit > MAX_PAGE)
        throw new ServiceError("invalid", `limit is not 1 to ${MAX_PAGE}`);
      const { keys, next } = store.list(stored, cursor, limit);
      return { keys: keys.flatMap(keyOf), next };
    },
  };
}

/**
 * Writes what follows from the value a key has.
 *
 * @throws ServiceError `unavailable` when others were always first.
 */
export function untilWritten<Place, Result>(
  store: Pick<KeyStore<Place>, "find" | "writeOver">,
  key: string,
  next: (current: StoredValue | undefined) => {
    value: string;
    expires: number | undefined;
    result: Result;
  },
): Result {
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    const { place, stored } = store.find(key);
    const { value, expires, result } = next(live(stored));
    if (store.writeOver(place, key, value, expires)) return result;
  }
  throw new ServiceError("unavailable", "other writers of the key were always first");
}

/** A value that has not expired. */
export function live(stored: StoredValue | undefined): StoredValue | undefined {
  return stored?.expires !== undefined && stored.expires <= Date.now() ? undefined : stored;
}

/** Stores take fewer characters than keys may have, and a list is in the order of their bytes: so are these digits. */
function storedKey(key: string): string {
  return encodeUtf8(key).toHex();
}

/** The key that is stored so; none for what others stored. */
function keyOf(stored: string): string[] {
  try {
    return [decodeUtf8(binaryString(Uint8Array.fromHex(stored))) ?? []].flat();
  } catch {
    return [];
  }
}

/**
 * A key as stores have it: two digits for each byte.
 *
 * @throws ServiceError when it is empty or too long, or no grant covers it.
 */
export function checkedKey(key: string): string {
  if (key === "") throw new ServiceError("invalid", "the key is empty");
  const stored = storedKey(key);
  if (stored.length > 2 * MAX_KEY_BYTES)
    throw new ServiceError("too-large", `the key has more than ${MAX_KEY_BYTES} bytes`);
  if (key.startsWith(HOST_KEYS)) throw denied();
  if (!grants.kv.some((prefix) => key.startsWith(prefix)))
    throw new ServiceError("denied", "no grant covers the key");
  return stored;
}

function denied(): ServiceError {
  return new ServiceError("denied", "these keys are the host's own");
}

/** When a value expires that is written now. */
function checkWrite(value: string, ttlSeconds: number | null): number | undefined {
  if (encodeUtf8(value).length > MAX_VALUE_BYTES)
    throw new ServiceError("too-large", `the value has more than ${MAX_VALUE_BYTES} bytes`);
  if (ttlSeconds === null) return undefined;
  const seconds = ttlSeconds >>> 0;
  if (seconds === 0) throw new ServiceError("invalid", "ttl-seconds is not at least 1");
  return Date.now() + seconds * 1000;
}

function wholeNumber(text: string): number {
  const number = /^-?\d{1,16}$/.test(text) ? Number(text) : NaN;
  if (!Number.isSafeInteger(number))
    throw new ServiceError("invalid", "the value is not a whole number within ±(2^53 − 1)");
  return number;
}
