import { wasmtimeFiles } from "../files/wasmtime-files.ts";
import type { HostDefinition } from "../host-definition.ts";
import { ENVIRONMENT_VARIABLES } from "../wat-component.ts";

/** `wasmtime serve`. */
export const wasmtime: HostDefinition = {
  entryPoint: "wasi:http/incoming-handler@0.2.0",
  artifact: "server.wasm",
  run: "./run.sh",
  wit: [
    "wasi/wit/wasi.wit",
    "wasmtime/wit/wasi-http.wit",
    "wasmtime/wit/reply.wit",
    "wasmtime/wit/front.wit",
  ],
  adapter: { module: "wasmtime/adapter", imports: ["tenon-wasi:http/types@0.2.0"] },
  adapterExport: "tenon:front/exchange@0.1.0",
  front: true,
  services: {
    outbox: {
      module: "wasmtime/outbox",
      imports: ["tenon-wasi:http/types@0.2.0"],
      exports: ["tenon:streaming/reply@0.1.0"],
    },
  },
  stateKeys: { environment: ENVIRONMENT_VARIABLES },
  store: ({ kv }) => (kv === "instance" ? ["swap"] : undefined),
  files: wasmtimeFiles,
};
