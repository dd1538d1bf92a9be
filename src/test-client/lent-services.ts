import { ServiceFailure, type HostServices } from "../../hosts/node/host-services.ts";
import { ServiceError, type Kv, type ServiceName, type Services } from "../sdk/services.ts";

const DEFAULT_LIMIT = 100;

/** What surrounds each use of a service. */
type Around = <T>(work: () => Promise<T>) => Promise<T>;

/** What a definition in this process sees of a host's services, with the errors that a component would see. */
export function lentServices(
  host: HostServices,
  around: Around,
): Services & {
  /** Sends for `fetch`. */
  readonly send: NonNullable<HostServices["http"]>;
} {
  const { http, kv, config, secrets } = host;
  const lend: Lend = (service, work) => around(() => withServiceErrors(service, work));
  return {
    send: (request, signal) => lend("http", () => (http ?? denied)(request, signal)),
    http: {
      get fetch() {
        return globalThis.fetch;
      },
    },
    kv: lentKv(kv, lend),
    config: { get: (key) => lend("config", () => (config ?? denied)(key)) },
    secrets: { get: (name) => lend("secrets", () => (secrets ?? denied)(name)) },
  };
}

function lentKv(store: HostServices["kv"], lend: Lend): Kv {
  const use = <T>(work: (kv: NonNullable<HostServices["kv"]>) => Promise<T>): Promise<T> =>
    lend("kv", () => (store === undefined ? denied() : work(store)));
  const kv: Kv = {
    features: () =>
      Promise.resolve(store?.features ?? { swap: false, persistent: false, consistency: "strong" }),
    get: async (key) => (await kv.getEntry(key))?.value,
    getEntry: (key) => use((host) => host.get(text(key))),
    set: (key, value, options) => use((host) => host.set(text(key), text(value), options?.ttlSeconds)),
    delete: (key) => use((host) => host.delete(text(key))),
    swap: (key, expected, value, options) =>
      use((host) => host.swap(text(key), expected, text(value), options?.ttlSeconds)),
    increment: (key, delta = 1, options) =>
      use((host) => host.increment(text(key), delta, options?.ttlSeconds)),
    async list(prefix, { cursor, limit = DEFAULT_LIMIT } = {}) {
      const { keys, next } = await use((host) => host.list(text(prefix), cursor, limit));
      return next === undefined ? { keys } : { keys, next };
    },
  };
  return kv;
}

function text(value: unknown): string {
  if (typeof value !== "string")
    throw new ServiceFailure("invalid", `${typeof value} where a string must be`);
  return value;
}

function denied(): Promise<never> {
  return Promise.reject(new ServiceFailure("denied", "nothing is granted"));
}

type Lend = <T>(service: ServiceName, work: () => Promise<T>) => Promise<T>;

async function withServiceErrors<T>(service: ServiceName, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof ServiceFailure)) throw error;
    const { tag, val = "the host gave no reason" } = error;
    throw new ServiceError(service, tag, `${service}: ${tag}: ${val}`);
  }
}
