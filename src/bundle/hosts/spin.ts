import { refuseSpinVariables, spinFiles } from "../files/spin-files.ts";
import type { HostDefinition } from "../host-definition.ts";
import { wasmtime } from "./wasmtime.ts";

/** Spin, with the adapter of wasmtime. What it calls configuration, secrets and keys has no module yet. */
export const spin: HostDefinition = {
  ...wasmtime,
  run: "spin up",
  services: { http: wasmtime.services.http!, outbox: wasmtime.services.outbox! },
  stateKeys: {},
  store: () => undefined,
  maximum: { instances: 200, memories: 32, tables: 64 },
  refuse: refuseSpinVariables,
  files: spinFiles,
};
