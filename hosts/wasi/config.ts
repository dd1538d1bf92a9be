import { get } from "tenon:adapter/environment@0.1.0";
import { grants } from "./grants.ts";
import { ServiceError } from "./service-error.ts";

/** `tenon:host/config` from variables `TENON_CONFIG_<KEY>`. */
export const config = {
  // The composition answers it before it gets here.
  settings: (): string => "{}",
  get(key: string): string | null {
    const granted = grants.config.find(({ name }) => name === key);
    if (granted === undefined) throw new ServiceError("denied", `no grant covers the key "${key}"`);
    return get(granted.variable);
  },
};
