import { configVariable, secretVariable, type CoreManifest } from "../manifest/index.ts";
import type { BundleInput } from "./bundle.ts";

/** A value that whoever runs a bundle has to supply. */
export interface GrantedValue {
  kind: "config" | "secret" | "state-key";
  /** As it was granted: the key, or the name of the secret. */
  name: string;
  /** The environment variable that holds it, where a host takes it from its environment. */
  variable: string;
  /** Names of the parts that were granted it, in order. */
  parts: string[];
}

const STATE_KEY = "TENON_STATE_KEY";

/** What a core was granted of the host's configuration and secrets, each once, and the key that seals states. */
export function grantedValues(
  { middleware, providers }: CoreManifest,
  { stateKey }: Pick<BundleInput, "stateKey">,
): GrantedValue[] {
  const values = new Map<string, GrantedValue>();
  const add = (kind: GrantedValue["kind"], name: string, variable: string, part: string): void => {
    const value = values.get(variable) ?? { kind, name, variable, parts: [] };
    if (!value.parts.includes(part)) value.parts.push(part);
    values.set(variable, value);
  };
  const parts = [...middleware, ...providers];
  for (const { as, grants } of parts) {
    for (const key of grants?.config ?? []) add("config", key, configVariable(key), as);
    for (const { name } of grants?.secrets ?? []) add("secret", name, secretVariable(name), as);
  }
  const asking = providers.filter(({ asks }) => asks === true);
  if (stateKey !== undefined) for (const { as } of asking) add("state-key", STATE_KEY, STATE_KEY, as);
  return [...values.values()];
}

/** What a value is, for the comments of a file: `the secret "WEATHER_KEY" of weather`. */
export function describeValue({ kind, name, parts }: GrantedValue): string {
  if (kind === "state-key") return "the key that seals what clients carry: 32 bytes in base64 or hex";
  const what = kind === "config" ? "the configuration key" : "the secret";
  return `${what} ${JSON.stringify(name)} of ${parts.join(", ")}`;
}
