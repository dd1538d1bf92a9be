import { configVariable, secretVariable } from "../../../src/manifest/index.ts";
import { ServiceFailure, type HostServices } from "../host-services.ts";

/** Environment variables, as `process.env` has them. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Reads the variables of the granted keys now, and knows no others later. */
export function configFrom(
  environment: Environment,
  keys: ReadonlySet<string>,
): NonNullable<HostServices["config"]> {
  const values = new Map([...keys].map((key) => [key, environment[configVariable(key)]]));
  return async (key) => {
    if (!values.has(key)) throw new ServiceFailure("denied", `no grant covers the key "${key}"`);
    return values.get(key);
  };
}

/** Reads the variables of the granted secrets now, and knows no others later. An empty one counts as missing. */
export function secretsFrom(
  environment: Environment,
  names: ReadonlySet<string>,
): NonNullable<HostServices["secrets"]> {
  const values = new Map([...names].map((name) => [name, environment[secretVariable(name)]]));
  return async (name) => {
    if (!values.has(name)) throw new ServiceFailure("denied", `no grant covers the secret "${name}"`);
    const value = values.get(name);
    if (!value) throw new ServiceFailure("missing", `the host has no secret "${name}"`);
    return value;
  };
}
