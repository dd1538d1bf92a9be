import { Store } from "fastly:compute/config-store@0.1.0";
import { HostError } from "../wasi/host-error.ts";

/** Longest value of a config store, in bytes: 8,000 characters. */
const MAX_VALUE_BYTES = 32_000;

let store: Store | undefined;

/** `tenon:host/config` of a config store. */
export const config = {
  // Settings are constants of each part: no part asks the host for them.
  settings: (): string => "{}",
  get(key: string): string | undefined {
    if (!GRANTS.config.some(({ name }) => name === key))
      throw new HostError("denied", `no grant covers the key "${key}"`);
    try {
      store ??= Store.open(CONFIG_STORE);
      return store.get(key, MAX_VALUE_BYTES) ?? undefined;
    } catch {
      throw new HostError("unavailable", `the config store "${CONFIG_STORE}" does not answer`);
    }
  },
};
