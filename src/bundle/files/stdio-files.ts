import type { CoreManifest } from "../../manifest/index.ts";
import type { BundleInput } from "../bundle.ts";
import { grantedValues } from "../granted-values.ts";
import type { BundleFile } from "../host-definition.ts";
import {
  environmentFlags,
  MEMORY_FLAG,
  runtimeSettings,
  scriptHead,
  type ScriptSetting,
} from "./shell-script.ts";

/** What goes beside a component for `wasmtime run`: a script, and what a client's configuration says of it. */
export function stdioFiles(core: CoreManifest, input: BundleInput): Record<string, BundleFile> {
  const { name, version, access, middleware, providers } = core;
  const { folder = `/opt/${name}` } = input;
  const values = grantedValues(core, input);
  const asks = providers.some((provider) => provider.asks === true);
  const others: ScriptSetting[] = [
    ...(access === "authenticated"
      ? [{ variable: "TENON_AUTHORIZATION", about: ['the credential of every request, such as "Bearer …"'] }]
      : []),
    ...(asks ? [{ variable: "TENON_STATE_KEY", about: ["what seals states (default: a random key)"] }] : []),
  ];
  const reachesOut = [...middleware, ...providers].some(({ grants }) => grants?.http !== undefined);
  const head = scriptHead({
    what: `Serves ${name} ${version} to one local client on stdin and stdout, with wasmtime 48 or newer.`,
    settings: runtimeSettings(),
    values,
    others,
  });
  const variables = [...values, ...others].map(({ variable }) => variable);
  const flags = [MEMORY_FLAG, ...(reachesOut ? ["-S http"] : []), ...environmentFlags(variables)];
  const lines = [...head, `exec "\${WASMTIME:-wasmtime}" run ${flags.join(" ")} server.wasm`];
  const client = { mcpServers: { [name]: { command: "/bin/sh", args: [`${folder}/run.sh`] } } };
  return {
    "run.sh": { text: `${lines.join("\n")}\n`, executable: true },
    "client.json": { text: `${JSON.stringify(client, null, 2)}\n` },
  };
}
