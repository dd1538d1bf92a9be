import { refuseSpinVariables, spinFiles } from "../files/spin-files.ts";
import type { HostDefinition, HostModule, WatModule } from "../host-definition.ts";
import { ENVIRONMENT_CONFIG, ENVIRONMENT_SECRETS, WASI_HTTP } from "./wasi-services.ts";
import { wasmtime } from "./wasmtime.ts";

/** Variables of the application, in the place of an environment. */
const VARIABLES: WatModule = {
  module: "spin/variables",
  imports: ["tenon-wasi:config/store@0.2.0-draft-2024-09-27"],
  exports: ["tenon:adapter/environment@0.1.0", "tenon:adapter/state-key@0.1.0"],
};

const KV: HostModule = {
  module: "spin/kv",
  imports: ["tenon-wasi:keyvalue/atomics@0.2.0-draft2", "tenon-wasi:keyvalue/store@0.2.0-draft2"],
};

/** Spin, with the adapter of wasmtime. */
export const spin: HostDefinition = {
  ...wasmtime,
  run: "spin up --listen 127.0.0.1:3000",
  wit: [...wasmtime.wit, "spin/wit/config.wit", "spin/wit/keyvalue.wit"],
  services: {
    config: { ...ENVIRONMENT_CONFIG, needs: VARIABLES },
    http: WASI_HTTP,
    kv: KV,
    outbox: wasmtime.services.outbox!,
    secrets: { ...ENVIRONMENT_SECRETS, needs: VARIABLES },
  },
  stateKeys: { variable: VARIABLES },
  store: () => ["swap", "persistent"],
  maximum: { instances: 200, memories: 32, tables: 64 },
  refuse: refuseSpinVariables,
  files: spinFiles,
};
