import { backendsOf } from "../fastly-backends.ts";
import { fastlyToml, SECRET_STORE, CONFIG_STORE, KV_STORE } from "../fastly-toml.ts";
import type { HostDefinition, HostModule, LogSink, WatModule } from "../host-definition.ts";
import type { CountedBudgets } from "../rate-counters.ts";

/** The secret `TENON_STATE_KEY`. */
const SECRET_STATE_KEY: WatModule = {
  module: "fastly/state-key",
  imports: ["fastly:compute/secret-store@0.1.0"],
  exports: ["tenon:adapter/state-key@0.1.0"],
};

const GENERATIONS: WatModule = {
  module: "fastly/generations",
  imports: ["fastly:compute/kv-store@0.1.0"],
  exports: ["tenon:fastly/generations@0.1.0"],
};

const KV: HostModule = {
  module: "fastly/kv",
  imports: [
    "fastly:compute/http-body@0.1.0",
    "fastly:compute/kv-store@0.1.0",
    "tenon:fastly/generations@0.1.0",
  ],
  needs: GENERATIONS,
};

const RATE_COUNTERS: HostModule = { module: "fastly/rate-counters", imports: ["fastly:compute/erl@0.1.0"] };

/** The KV store for all keys but those of budgets, which rate counters keep. */
const KV_AND_RATE_COUNTERS: HostModule = {
  ...KV,
  module: "fastly/kv-and-rate-counters",
  imports: [...KV.imports, ...RATE_COUNTERS.imports],
};

/** One counter for all budgets: entries are told apart by their prefixes. */
const RATE_COUNTER = "tenon_limits";

function withRateCounters(budgets: readonly CountedBudgets[], hasOtherKeys: boolean): HostDefinition {
  return {
    ...fastly,
    services: { ...fastly.services, kv: hasOtherKeys ? KV_AND_RATE_COUNTERS : RATE_COUNTERS },
    constants: (grants) => ({ ...fastly.constants!(grants), BUDGETS: budgets, RATE_COUNTER }),
  };
}

function logEndpoint(name: string): LogSink {
  return {
    module: "fastly/log-endpoint",
    imports: ["fastly:compute/log@0.1.0"],
    values: { ENDPOINT: name, LENGTH: String(name.length) },
  };
}

/** Fastly Compute. */
export const fastly: HostDefinition = {
  entryPoint: "fastly:compute/http-incoming@0.1.0",
  artifact: "bin/main.wasm",
  run: "viceroy serve --addr 127.0.0.1:7676 -C fastly.toml bin/main.wasm",
  wit: ["wasi/wit/wasi.wit", "fastly/wit/compute.wit", "fastly/wit/reply.wit", "fastly/wit/generations.wit"],
  adapter: {
    module: "fastly/adapter",
    imports: [
      "fastly:compute/http-body@0.1.0",
      "fastly:compute/http-downstream@0.1.0",
      "fastly:compute/http-req@0.1.0",
      "fastly:compute/http-resp@0.1.0",
    ],
  },
  adapterExport: "fastly:compute/http-incoming@0.1.0",
  services: {
    config: {
      module: "fastly/config",
      imports: ["fastly:compute/config-store@0.1.0"],
    },
    http: {
      module: "fastly/http",
      imports: [
        "fastly:compute/async-io@0.1.0",
        "fastly:compute/backend@0.1.0",
        "fastly:compute/http-body@0.1.0",
        "fastly:compute/http-req@0.1.0",
        "fastly:compute/http-resp@0.1.0",
      ],
    },
    kv: KV,
    outbox: {
      module: "fastly/outbox",
      imports: ["fastly:compute/http-body@0.1.0", "fastly:compute/http-resp@0.1.0"],
      exports: ["tenon:streaming/reply@0.1.0"],
    },
    secrets: {
      module: "fastly/secrets",
      imports: ["fastly:compute/secret-store@0.1.0"],
    },
  },
  constants: (grants) => ({ BACKENDS: backendsOf(grants), CONFIG_STORE, KV_STORE, SECRET_STORE }),
  stateKeys: { "secret-store": SECRET_STATE_KEY },
  store: () => ["swap", "persistent"],
  peer: true,
  rateCounters: withRateCounters,
  log: ({ logEndpoint: name }) => (name === undefined ? undefined : logEndpoint(name)),
  // Viceroy stops a request at 100 of each, and between components that call each other wasmtime makes instances that are in no
  // bytes: on Viceroy 0.20 a chain of middleware, fused and apart, answers with 77 and is too much with 83.
  maximum: { instances: 77, memories: 100, tables: 100 },
  // Content of 100 KB takes 43 of the 50 ms of CPU time that a request has, with one tool and no middleware.
  maxBodyBytes: 65_536,
  files: (core, input) => ({ "fastly.toml": { text: fastlyToml(core, input) } }),
};
