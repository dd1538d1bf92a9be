/** What a key holds. */
export interface KvRecord {
  readonly value: string;
  readonly version: string;
  /** In milliseconds since 1970-01-01T00:00:00Z; absent: never. */
  readonly expiresAt?: number;
}

/** What a table counts beside its records. */
export interface KvCounts {
  /** Versions that were given. */
  written: number;
  /** Bytes that keys and values take, roughly. */
  bytes: number;
  /** When the first record expires, or before; `Infinity` when none does. */
  earliestExpiry: number;
  /** When expired records were removed last. */
  sweptAt: number;
  /** How often the keys have become others. */
  keyChanges: number;
}

/** Where a table keeps what it holds: by key, expired or not. */
export interface KvRecords {
  /** Begins every version: what was read from a store before it was started again must not match by chance. */
  readonly epoch: string;
  readonly counts: KvCounts;
  /** How many there are. */
  readonly size: number;
  get(key: string): KvRecord | undefined;
  set(key: string, record: KvRecord): void;
  delete(key: string): void;
  keys(): Iterable<string>;
  entries(): Iterable<[key: string, record: KvRecord]>;
}
