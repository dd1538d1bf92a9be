import { ServiceFailure, type HostServices, type KvStore } from "../../hosts/node/host-services.ts";
import { createMemoryKv } from "../../hosts/node/services/kv-store.ts";
import type { Grants } from "../manifest/index.ts";
import type { ServiceName } from "../sdk/services.ts";
import { processNow } from "./ambient.ts";
import { createFakeHttp, type FakeHttp } from "./fake-http.ts";

/** What stands in for the services of a host. A service, a key or a name that is not given is denied, as without a grant. */
export interface Fakes {
  readonly http?: FakeHttp;
  /**
   * What the store holds at first; `{}` for an empty one. Keys start with one of `A-Z a-z 0-9 _ /`: others, and a list of
   * all keys, are denied, as every grant names a prefix.
   */
  readonly kv?: Readonly<Record<string, string>> | ReadonlyMap<string, string>;
  /** Values by key; `undefined` for a key that is granted and has no value. */
  readonly config?: Readonly<Record<string, string | undefined>>;
  /** Values by name; `undefined` for a secret that is granted and missing. */
  readonly secrets?: Readonly<Record<string, string | undefined>>;
  /** Milliseconds since 1970-01-01T00:00:00Z, or a function that says them. Default: the system's clock. */
  readonly clock?: number | (() => number);
}

/** Fakes, made ready. */
export interface FakeServices {
  readonly services: HostServices;
  /** Grants for everything the fakes answer, by service. */
  readonly grants: Grants;
  readonly now: () => number;
  /** What the store holds now. */
  readonly kvEntries: () => Promise<Map<string, string>>;
}

/** As many as a grant may name, so that any key may be used that starts like one. */
const KV_PREFIXES = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_/".split("");
const PAGE = 1000;

/** The services that fakes stand in for. */
export async function createFakes(fakes: Fakes): Promise<FakeServices> {
  const { clock } = fakes;
  const now = typeof clock === "function" ? clock : clock === undefined ? processNow : () => clock;
  const http = fakes.http && createFakeHttp(fakes.http);
  const kv = fakes.kv && createMemoryKv(now);
  const entries = fakes.kv instanceof Map ? fakes.kv : Object.entries(fakes.kv ?? {});
  for (const [key, value] of entries) await kv!.set(key, value, undefined);
  const { config, secrets } = fakes;
  return {
    now,
    services: {
      ...(clock !== undefined && { now }),
      ...(http && { http: http.send }),
      ...(kv && { kv: guarded(kv) }),
      ...(config && { config: async (key: string) => granted(config, "configuration key", key) }),
      ...(secrets && { secrets: async (name: string) => granted(secrets, "secret", name) ?? missing(name) }),
    },
    grants: {
      ...(http && { http: http.grants }),
      ...(kv && { kv: KV_PREFIXES }),
      ...(config && { config: Object.keys(config) }),
      ...(secrets && { secrets: Object.keys(secrets).map((name) => ({ name })) }),
    },
    kvEntries: () => (kv === undefined ? Promise.resolve(new Map<string, string>()) : entriesOf(kv)),
  };
}

/** Names of the services that fakes are given for. */
export function fakedServices(fakes: Fakes): ServiceName[] {
  return (["http", "kv", "config", "secrets"] as const).filter((name) => fakes[name] !== undefined);
}

function granted(
  values: Readonly<Record<string, string | undefined>>,
  what: string,
  name: string,
): string | undefined {
  if (!Object.hasOwn(values, name))
    throw new ServiceFailure("denied", `no grant covers the ${what} "${name}"`);
  return values[name];
}

function missing(name: string): never {
  throw new ServiceFailure("missing", `there is no secret "${name}"`);
}

function check(key: string, what = "key"): void {
  if (KV_PREFIXES.includes(key.slice(0, 1))) return;
  throw new ServiceFailure("denied", `no grant covers the ${what} "${key}"`);
}

/** The store under the grants that a composition of the component has. */
function guarded(store: KvStore): KvStore {
  return {
    features: store.features,
    async get(key) {
      check(key);
      return store.get(key);
    },
    async set(key, value, ttl) {
      check(key);
      await store.set(key, value, ttl);
    },
    async delete(key) {
      check(key);
      await store.delete(key);
    },
    async swap(key, expected, value, ttl) {
      check(key);
      return store.swap(key, expected, value, ttl);
    },
    async increment(key, delta, ttl) {
      check(key);
      return store.increment(key, delta, ttl);
    },
    async list(prefix, cursor, limit) {
      check(prefix, "key prefix");
      return store.list(prefix, cursor, limit);
    },
    close: () => store.close(),
  };
}

async function entriesOf(store: KvStore): Promise<Map<string, string>> {
  const entries = new Map<string, string>();
  let cursor: string | undefined;
  do {
    const page = await store.list("", cursor, PAGE);
    for (const key of page.keys) {
      const entry = await store.get(key);
      if (entry !== undefined) entries.set(key, entry.value);
    }
    cursor = page.next;
  } while (cursor !== undefined);
  return entries;
}
