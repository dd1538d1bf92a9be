import { wasmtimeFiles } from "../files/wasmtime-files.ts";
import { refuseVariables } from "../files/shell-script.ts";
import type { HostDefinition } from "../host-definition.ts";
import { ENVIRONMENT_VARIABLES } from "../wat-component.ts";
import { ENVIRONMENT_CONFIG, ENVIRONMENT_SECRETS, INSTANCE_KV, WASI_HTTP } from "./wasi-services.ts";

/** `wasmtime serve`. */
export const wasmtime: HostDefinition = {
  entryPoint: "wasi:http/incoming-handler@0.2.0",
  artifact: "server.wasm",
  run: "./run.sh",
  wit: ["wasi/wit/wasi.wit", "wasi/wit/http.wit", "wasmtime/wit/reply.wit", "wasmtime/wit/front.wit"],
  adapter: { module: "wasmtime/adapter", imports: ["tenon-wasi:http/types@0.2.0"] },
  adapterExport: "tenon:front/exchange@0.1.0",
  front: true,
  services: {
    config: ENVIRONMENT_CONFIG,
    http: WASI_HTTP,
    kv: INSTANCE_KV,
    outbox: {
      module: "wasmtime/outbox",
      imports: ["tenon-wasi:http/types@0.2.0"],
      exports: ["tenon:streaming/reply@0.1.0"],
    },
    secrets: ENVIRONMENT_SECRETS,
  },
  stateKeys: { environment: ENVIRONMENT_VARIABLES },
  store: ({ kv }) => (kv === "instance" ? ["swap"] : undefined),
  refuse: refuseVariables,
  files: wasmtimeFiles,
};
