import type { CoreManifest } from "../manifest/index.ts";
import type { BundleInput } from "./bundle.ts";
import { backendsOf } from "./fastly-backends.ts";
import { grantedValues, type GrantedValue } from "./granted-values.ts";
import { joinedGrants } from "./joined-grants.ts";
import { uncountedKeys } from "./rate-counters.ts";
import { tomlString } from "./toml.ts";

/** Names of the stores that a service of Fastly links for a server. */
export const CONFIG_STORE = "tenon_config";
/** Holds keys and values. */
export const KV_STORE = "tenon_kv";
/** Holds secrets, and the key that seals states. */
export const SECRET_STORE = "tenon_secrets";

/** What Viceroy and the Fastly CLI make of a server's needs; a comment says where each value comes from. */
interface Needs {
  backends: [origin: string, name: string][];
  config: GrantedValue[];
  secrets: GrantedValue[];
  kv: boolean;
  endpoint: string | undefined;
}

/**
 * The manifest of a Fastly Compute service that is built already: the component lies in `bin/main.wasm`. What the component
 * imports is there for the local server, with secrets taken from its environment, and for `fastly compute publish`.
 *
 * @see https://www.fastly.com/documentation/reference/compute/fastly-toml/
 */
export function fastlyToml(
  core: CoreManifest,
  input: Pick<BundleInput, "stateKey" | "logEndpoint" | "rateCounters">,
): string {
  const { name, version, description } = core;
  const values = grantedValues(core, input);
  const grants = joinedGrants(core);
  const needs: Needs = {
    backends: Object.entries(backendsOf(grants)),
    config: values.filter(({ kind }) => kind === "config"),
    secrets: values.filter(({ kind }) => kind !== "config"),
    kv: uncountedKeys(grants, input.rateCounters).length > 0,
    endpoint: input.logEndpoint,
  };
  return `manifest_version = 3
name = ${tomlString(name)}
description = ${tomlString(description ?? `MCP server ${name} ${version}`)}
language = "other"

[scripts]
build = "test -f bin/main.wasm"
${[...localServer(needs), ...setup(needs)].map((table) => `\n${table}\n`).join("")}`;
}

/** Tables for the local server. */
function localServer({ backends, config, secrets, kv }: Needs): string[] {
  return [
    ...backends.map(([origin, name]) => `[local_server.backends.${name}]\nurl = ${tomlString(origin)}`),
    ...(kv ? [`[local_server.kv_stores]\n${KV_STORE} = []`] : []),
    ...(config.length === 0
      ? []
      : [
          [
            `[local_server.config_stores.${CONFIG_STORE}]`,
            'format = "inline-toml"',
            "",
            `[local_server.config_stores.${CONFIG_STORE}.contents]`,
            ...config.map(({ name }) => `# ${tomlString(name)} = ""`),
          ].join("\n"),
        ]),
    ...secrets.map(({ name, variable }) =>
      [
        `[[local_server.secret_stores.${SECRET_STORE}]]`,
        `key = ${tomlString(name)}`,
        `env = ${tomlString(variable)}`,
      ].join("\n"),
    ),
  ];
}

/** Tables for the first deployment, which makes the backends and stores and asks for their values. */
function setup({ backends, config, secrets, kv, endpoint }: Needs): string[] {
  return [
    ...backends.map(([origin, name]) => {
      const { hostname, port, protocol } = new URL(origin);
      return [
        `[setup.backends.${name}]`,
        `address = ${tomlString(hostname)}`,
        `port = ${port === "" ? (protocol === "https:" ? 443 : 80) : port}`,
      ].join("\n");
    }),
    ...(kv ? [`[setup.kv_stores.${KV_STORE}]`] : []),
    ...(config.length === 0
      ? []
      : [
          `[setup.config_stores.${CONFIG_STORE}]`,
          ...config.map(({ name }) => `[setup.config_stores.${CONFIG_STORE}.items.${tomlString(name)}]`),
        ]),
    ...(secrets.length === 0
      ? []
      : [
          `[setup.secret_stores.${SECRET_STORE}]`,
          ...secrets.map(({ name }) => `[setup.secret_stores.${SECRET_STORE}.entries.${tomlString(name)}]`),
        ]),
    ...(endpoint === undefined ? [] : [`[setup.log_endpoints.${tomlString(endpoint)}]`]),
  ];
}
