import type { Body } from "fastly:compute/http-body@0.1.0";
import {
  awaitDelete,
  awaitInsert,
  awaitList,
  awaitLookup,
  Store,
  type Entry,
  type InsertOptions,
} from "fastly:compute/kv-store@0.1.0";
import { insert as insertOver, read as readGeneration } from "tenon:fastly/generations@0.1.0";
import { ServiceError } from "../wasi/service-error.ts";
import { binaryString, decodeUtf8, encodeUtf8 } from "../wasi/text.ts";
import { bodyOf, readBody } from "./body.ts";

const MAX_KEY_BYTES = 512;
const MAX_VALUE_BYTES = 1024 * 1024;
const MAX_PAGE = 1000;
const MAX_LIST_BYTES = 4 * 1024 * 1024;
const MAX_METADATA_BYTES = 2000;
/** Times an increment tries before it gives up against other writers. */
const MAX_TRIES = 8;
/** What keys of the host itself start with, here as everywhere. */
const HOST_KEYS = "\0tenon/";
/** What the metadata of a value that expires holds: when, in milliseconds since 1970. */
const EXPIRES = /^tenon-expires=(\d{1,16})$/;

/** A value in the store that has not expired, and how to write over it. */
interface Current {
  value: string;
  version: string;
  expires: number | undefined;
}

/** What a lookup found: nothing, a value, or one that the store has not deleted yet. */
interface Found {
  generation: [number, number];
  current: Current | undefined;
}

let opened: Store | undefined;

function store(): Store {
  opened ??= attempt(() => Store.open(KV_STORE));
  return opened;
}

function find(key: string): Found | undefined {
  const entry = attempt(() => awaitLookup(store().lookupAsync(storedKey(key))));
  if (entry === null) return undefined;
  const generation = readGeneration(entry);
  const expires = expiryOf(entry);
  if (expires !== undefined && expires <= Date.now()) return { generation, current: undefined };
  const value = valueOf(entry);
  return { generation, current: { value, version: generation.join("."), expires } };
}

/** False when the key is no longer as it was found. */
function writeOver(
  found: Found | undefined,
  key: string,
  value: string,
  expires: number | undefined,
): boolean {
  const options = expiry(expires);
  try {
    attempt(() => {
      const body = bodyOf(encodeUtf8(value));
      const pending =
        found === undefined
          ? store().insertAsync(storedKey(key), body, insertOptions("add", options))
          : insertOver(
              store(),
              storedKey(key),
              body,
              found.generation,
              options.metadata,
              options.timeToLiveSec,
            );
      awaitInsert(pending);
    });
    return true;
  } catch (error) {
    if (error instanceof ServiceError && error.payload.tag === PRECONDITION) return false;
    throw error;
  }
}

/** `tenon:host/kv` of a KV store. */
export const kv = {
  getFeatures: () => ({ swap: true, persistent: true, consistency: "eventual" }),

  get(key: string) {
    checkKey(key);
    const current = find(key)?.current;
    return current && { value: current.value, version: current.version };
  },

  set(key: string, value: string, ttlSeconds: number | null) {
    checkKey(key);
    const expires = checkWrite(value, ttlSeconds);
    attempt(() =>
      awaitInsert(
        store().insertAsync(
          storedKey(key),
          bodyOf(encodeUtf8(value)),
          insertOptions("overwrite", expiry(expires)),
        ),
      ),
    );
  },

  delete(key: string) {
    checkKey(key);
    attempt(() => awaitDelete(store().deleteAsync(storedKey(key))));
  },

  swap(key: string, expected: string | null, value: string, ttlSeconds: number | null) {
    checkKey(key);
    const expires = checkWrite(value, ttlSeconds);
    const found = find(key);
    return (found?.current?.version ?? null) === expected && writeOver(found, key, value, expires);
  },

  increment(key: string, delta: number, ttlSeconds: number | null) {
    checkKey(key);
    if (!Number.isSafeInteger(delta))
      throw new ServiceError("invalid", "delta is not a whole number within ±(2^53 − 1)");
    const fresh = checkWrite("", ttlSeconds);
    for (let tries = 0; tries < MAX_TRIES; tries++) {
      const found = find(key);
      const sum = wholeNumber(found?.current?.value ?? "0") + delta;
      if (!Number.isSafeInteger(sum)) throw new ServiceError("invalid", "the sum is not within ±(2^53 − 1)");
      const expires = found?.current === undefined ? fresh : found.current.expires;
      if (writeOver(found, key, String(sum), expires)) return sum;
    }
    throw new ServiceError("unavailable", "other writers of the key were always first");
  },

  list(prefix: string, cursor: string | null, limit: number) {
    if (prefix !== "") checkKey(prefix);
    if (HOST_KEYS.startsWith(prefix)) throw denied();
    if (!Number.isInteger(limit) || limit < 1 || limit > MAX_PAGE)
      throw new ServiceError("invalid", `limit is not 1 to ${MAX_PAGE}`);
    const body = attempt(() =>
      awaitList(
        store().listAsync({
          mode: "strong",
          cursor: cursor ?? undefined,
          limit,
          prefix: storedKey(prefix),
          extra: undefined,
        }),
      ),
    );
    const { data, meta } = JSON.parse(textOf(body, MAX_LIST_BYTES)) as ListAnswer;
    return { keys: data.flatMap(keyOf), next: meta.next_cursor ?? undefined };
  },
};

/** @see https://www.fastly.com/documentation/reference/api/services/resources/kv-store-item/ */
interface ListAnswer {
  data: string[];
  meta: { next_cursor?: string };
}

/** Keys of the store have 1,024 bytes and not every character, and a list is in the order of their bytes: so has this. */
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

function checkKey(key: string): void {
  if (key === "") throw new ServiceError("invalid", "the key is empty");
  if (encodeUtf8(key).length > MAX_KEY_BYTES)
    throw new ServiceError("too-large", `the key has more than ${MAX_KEY_BYTES} bytes`);
  if (key.startsWith(HOST_KEYS)) throw denied();
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

/** The store deletes up to a day late: when a value expires stands in its metadata as well. */
function expiry(expires: number | undefined): Pick<InsertOptions, "metadata" | "timeToLiveSec"> {
  if (expires === undefined) return { metadata: undefined, timeToLiveSec: undefined };
  const seconds = Math.max(1, Math.ceil((expires - Date.now()) / 1000));
  return { metadata: `tenon-expires=${expires}`, timeToLiveSec: seconds };
}

function insertOptions(
  mode: InsertOptions["mode"],
  options: Pick<InsertOptions, "metadata" | "timeToLiveSec">,
): InsertOptions {
  return { ...options, mode, backgroundFetch: false, ifGenerationMatch: undefined, extra: undefined };
}

function expiryOf(entry: Entry): number | undefined {
  const found = EXPIRES.exec(attempt(() => entry.metadata(MAX_METADATA_BYTES)) ?? "");
  return found === null ? undefined : Number(found[1]);
}

function valueOf(entry: Entry): string {
  const body = entry.takeBody();
  return body === null ? "" : textOf(body, MAX_VALUE_BYTES);
}

function textOf(body: Body, maxBytes: number): string {
  const content = attempt(() => readBody(body, maxBytes));
  const text = content === undefined ? undefined : decodeUtf8(content);
  if (text === undefined)
    throw new ServiceError("unavailable", "the store holds what is too large, or no text");
  return text;
}

/** Not an error of `tenon:host/kv`: what {@link ServiceError} carries from here to where it is caught. */
const PRECONDITION = "precondition-failed";

const FAILURES: Record<string, [tag: string, val: string]> = {
  [PRECONDITION]: [PRECONDITION, ""],
  "bad-request": ["invalid", "the store refuses the request"],
  "payload-too-large": ["too-large", "the store refuses the size"],
  "too-many-requests": ["unavailable", "the store takes one write of a key each second"],
};

/** Does something with the store, whose failures become those of `tenon:host/kv`. */
function attempt<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    const { payload } = error as { payload?: { tag?: string } | string };
    const tag = typeof payload === "string" ? payload : payload?.tag;
    throw new ServiceError(...(FAILURES[tag ?? ""] ?? ["unavailable", "the store does not answer"]));
  }
}
