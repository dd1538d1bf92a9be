import { get } from "tenon:adapter/environment@0.1.0";
import { grants } from "./grants.ts";
import { ServiceError } from "./service-error.ts";

/** `tenon:host/secrets` from variables `TENON_SECRET_<NAME>`. An empty one counts as missing. */
export const secrets = {
  get(name: string): string {
    const granted = grants.secrets.find((each) => each.name === name);
    if (granted === undefined) throw new ServiceError("denied", `no grant covers the secret "${name}"`);
    const value = get(granted.variable);
    if (!value) throw new ServiceError("missing", `the host has no secret "${name}"`);
    return value;
  },
};
