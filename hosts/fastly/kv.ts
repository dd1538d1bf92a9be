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
import { keptKeys, MAX_VALUE_BYTES, type Found, type KeyStore, type StoredValue } from "../wasi/kept-keys.ts";
import { ServiceError } from "../wasi/service-error.ts";
import { decodeUtf8, encodeUtf8 } from "../wasi/text.ts";
import { bodyOf, readBody } from "./body.ts";

const MAX_LIST_BYTES = 4 * 1024 * 1024;
const MAX_METADATA_BYTES = 2000;
/** What the metadata of a value that expires holds: when, in milliseconds since 1970. */
const EXPIRES = /^tenon-expires=(\d{1,16})$/;

/** Of what a lookup found; nothing for no key. */
type Generation = [number, number] | undefined;

let opened: Store | undefined;

function store(): Store {
  opened ??= attempt(() => Store.open(KV_STORE));
  return opened;
}

function find(key: string): Found<Generation> {
  const entry = attempt(() => awaitLookup(store().lookupAsync(key)));
  if (entry === null) return { place: undefined, stored: undefined };
  const place = readGeneration(entry);
  const stored: StoredValue = { value: valueOf(entry), version: place.join("."), expires: expiryOf(entry) };
  return { place, stored };
}

const keys: KeyStore<Generation> = {
  features: { swap: true, persistent: true, consistency: "eventual" },

  read: (key) => find(key).stored,

  find,

  writeOver(generation, key, value, expires) {
    const options = expiry(expires);
    try {
      attempt(() => {
        const body = bodyOf(encodeUtf8(value));
        const pending =
          generation === undefined
            ? store().insertAsync(key, body, insertOptions("add", options))
            : insertOver(store(), key, body, generation, options.metadata, options.timeToLiveSec);
        awaitInsert(pending);
      });
      return true;
    } catch (error) {
      if (error instanceof ServiceError && error.payload.tag === PRECONDITION) return false;
      throw error;
    }
  },

  overwrite(key, value, expires) {
    const options = insertOptions("overwrite", expiry(expires));
    attempt(() => awaitInsert(store().insertAsync(key, bodyOf(encodeUtf8(value)), options)));
  },

  remove(key) {
    attempt(() => awaitDelete(store().deleteAsync(key)));
  },

  list(prefix, cursor, limit) {
    const options = { mode: "strong", cursor: cursor ?? undefined, limit, prefix, extra: undefined } as const;
    const body = attempt(() => awaitList(store().listAsync(options)));
    const { data, meta } = JSON.parse(textOf(body, MAX_LIST_BYTES)) as ListAnswer;
    return { keys: data, next: meta.next_cursor };
  },
};

/** `tenon:host/kv` of a KV store. */
export const kv = keptKeys(keys);

/** @see https://www.fastly.com/documentation/reference/api/services/resources/kv-store-item/ */
interface ListAnswer {
  data: string[];
  meta: { next_cursor?: string };
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
