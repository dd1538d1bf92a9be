import { Cas, increment, swap } from "tenon-wasi:keyvalue/atomics@0.2.0-draft2";
import { open, type Bucket, type KeyPage } from "tenon-wasi:keyvalue/store@0.2.0-draft2";
import { getRandomBytes } from "wasi:random/random@0.2.0";
import { keptKeys, live, untilWritten, type KeyStore, type StoredValue } from "../wasi/kept-keys.ts";
import { ServiceError } from "../wasi/service-error.ts";
import { binaryString, decodeUtf8, encodeUtf8 } from "../wasi/text.ts";

/** The store that `spin.toml` lists. */
const STORE = "default";
/** Pages of keys that a list takes of the store, which has no order and no prefixes. */
const MAX_PAGES = 100;
const MAX_KEYS = 100_000;
const VERSION_BYTES = 8;
/** What stands before a value: its version, and when it expires in milliseconds since 1970, if it does. */
const HEADER = /^tenon1 ([0-9a-f]{16}) (\d{0,16})$/;

/** How long a key may take to be made. */
const MAKING_MS = 2000;
/** Time that a claim of a key is for. Over it, one that was left behind no longer counts. */
const CLAIM_MS = 10_000;

/** Where a key is written: over what it held, or anew. */
interface Place {
  cas: Cas;
  isNew: boolean;
}

let opened: Bucket | undefined;

function bucket(): Bucket {
  opened ??= attempt(() => open(STORE));
  return opened;
}

function find(key: string): { place: Place; stored: StoredValue | undefined } {
  const cas = attempt(() => Cas.new(bucket(), key));
  const bytes = attempt(() => cas.current());
  return { place: { cas, isNew: bytes === null }, stored: bytes === null ? undefined : decode(bytes) };
}

const keys: KeyStore<Place> = {
  features: { swap: true, persistent: true, consistency: "eventual" },

  read(key) {
    const bytes = attempt(() => bucket().get(key));
    return bytes === null ? undefined : decode(bytes);
  },

  find,

  writeOver({ cas, isNew }, key, value, expires) {
    const bytes = encode(value, expires);
    if (!isNew) return swapped(cas, bytes);
    cas[Symbol.dispose]();
    return makeKey(key, bytes);
  },

  overwrite(key, value, expires) {
    untilWritten(keys, key, () => ({ value, expires, result: undefined }));
  },

  remove(key) {
    attempt(() => bucket().delete(key));
  },

  list(prefix, cursor, limit) {
    if (cursor !== null && !/^(?:[0-9a-f]{2})+$/.test(cursor))
      throw new ServiceError("invalid", "no list has this cursor");
    const found = allKeys()
      .filter((key) => key.startsWith(prefix) && (cursor === null || key > cursor))
      .sort();
    const page = found.slice(0, limit);
    const next = found.length > limit ? page.at(-1) : undefined;
    return { keys: page.filter((key) => live(keys.read(key)) !== undefined), next };
  },
};

/** `tenon:host/kv` of a key value store of Spin. */
export const kv = keptKeys(keys);

function allKeys(): string[] {
  const all: string[] = [];
  let cursor: string | null = null;
  for (let page = 0; page < MAX_PAGES; page++) {
    const from = cursor;
    const answer: KeyPage = attempt(() => bucket().listKeys(from));
    all.push(...answer.keys);
    if (all.length > MAX_KEYS) break;
    cursor = answer.cursor;
    if (cursor === null) return all;
  }
  throw new ServiceError(
    "too-large",
    `the store has more than ${MAX_KEYS} keys, or ${MAX_PAGES} pages of them`,
  );
}

/**
 * Makes a key that was absent. The SQLite store of Spin lets everyone who found it absent write it, so whoever does claims
 * it first, by numbers that the store adds up. False when another one is making it, or has made it.
 */
function makeKey(key: string, bytes: Uint8Array): boolean {
  const start = Date.now();
  const first = Math.floor(start / CLAIM_MS);
  const last = Math.floor((start + MAKING_MS) / CLAIM_MS);
  const claims = [...new Set([first, last])].map((period) => `claim-${period}-${key}`);
  const claimed = claims.filter((claim) => attempt(() => increment(bucket(), claim, 1)) === 1);
  try {
    if (claimed.length < claims.length) return false;
    const { place } = find(key);
    if (place.isNew && Date.now() - start < MAKING_MS) return swapped(place.cas, bytes);
    place.cas[Symbol.dispose]();
    return false;
  } finally {
    for (const claim of claimed) attempt(() => bucket().delete(claim));
  }
}

function swapped(cas: Cas, bytes: Uint8Array): boolean {
  try {
    swap(cas, bytes);
    return true;
  } catch (error) {
    const { payload } = error as { payload?: { tag?: string; val?: Partial<Disposable> } };
    if (payload?.tag !== "cas-failed") throw unavailable();
    payload.val?.[Symbol.dispose]?.();
    return false;
  }
}

function encode(value: string, expires: number | undefined): Uint8Array {
  const version = getRandomBytes(VERSION_BYTES).toHex();
  return encodeUtf8(`tenon1 ${version} ${expires ?? ""}\n${value}`);
}

function decode(bytes: Uint8Array): StoredValue {
  const text = decodeUtf8(binaryString(bytes)) ?? "";
  const end = text.indexOf("\n");
  const header = HEADER.exec(text.slice(0, Math.max(0, end)));
  if (header === null) throw new ServiceError("unavailable", "the store holds what others wrote");
  const [, version, expires] = header as unknown as [string, string, string];
  return { value: text.slice(end + 1), version, expires: expires === "" ? undefined : Number(expires) };
}

/** Does something with the store, whose failures become those of `tenon:host/kv`. */
function attempt<T>(work: () => T): T {
  try {
    return work();
  } catch {
    throw unavailable();
  }
}

function unavailable(): ServiceError {
  return new ServiceError("unavailable", "the store does not answer");
}
