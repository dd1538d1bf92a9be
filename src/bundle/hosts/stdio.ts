import { stdioFiles } from "../files/stdio-files.ts";
import { refuseVariables } from "../files/shell-script.ts";
import type { HostDefinition } from "../host-definition.ts";
import { ENVIRONMENT_CONFIG, ENVIRONMENT_SECRETS, INSTANCE_KV, WASI_HTTP } from "./wasi-services.ts";

/** `wasmtime run`, or any other host of `wasi:cli/run`: a server for the client that starts it. */
export const stdio: HostDefinition = {
  entryPoint: "wasi:cli/run@0.2.0",
  artifact: "server.wasm",
  run: "./run.sh",
  wit: ["wasi/wit/wasi.wit", "wasi/wit/http.wit", "stdio/wit/reply.wit"],
  adapter: {
    module: "stdio/adapter",
    imports: ["tenon-wasi:cli/stdin@0.2.0", "tenon-wasi:cli/stdout@0.2.0"],
  },
  adapterExport: "tenon-wasi:cli/run@0.2.0",
  services: {
    config: ENVIRONMENT_CONFIG,
    http: WASI_HTTP,
    kv: INSTANCE_KV,
    outbox: {
      module: "stdio/outbox",
      imports: ["tenon-wasi:cli/stdout@0.2.0"],
      exports: ["tenon:streaming/reply@0.1.0"],
    },
    secrets: ENVIRONMENT_SECRETS,
  },
  stateKeys: "process",
  credential: true,
  transport: "stdio",
  store: ({ kv }) => (kv === "instance" ? ["swap"] : undefined),
  refuse: refuseVariables,
  files: stdioFiles,
};
