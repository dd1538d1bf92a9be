import { Store } from "fastly:compute/config-store@0.1.0";
import { grants } from "../wasi/grants.ts";
import { ServiceError } from "../wasi/service-error.ts";

/** Longest value of a config store, in bytes: 8,000 characters. */
const MAX_VALUE_BYTES = 32_000;

let store: Store | undefined;

/** `tenon:host/config` of a config store. */
export const config = {
  // Settings are constants of each part: no part asks the host for them.
  settings: (): string => "{}",
  get(key: string): string | undefined {
    if (!grants.config.some(({ name }) => name === key))
      throw new ServiceError("denied", `no grant covers the key "${key}"`);
    try {
      store ??= Store.open(CONFIG_STORE);
      return store.get(key, MAX_VALUE_BYTES) ?? undefined;
    } catch {
      throw new ServiceError("unavailable", `the config store "${CONFIG_STORE}" does not answer`);
    }
  },
};
