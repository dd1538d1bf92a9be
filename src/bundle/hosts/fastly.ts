import { fastlyToml } from "../fastly-toml.ts";
import type { HostDefinition } from "../host-definition.ts";

/** Each part brings about 14 core instances, and Viceroy stops a request at 100. */
const MAX_PARTS = 4;

/** Fastly Compute. */
export const fastly: HostDefinition = {
  entryPoint: "fastly:compute/http-incoming@0.1.0",
  artifact: "bin/main.wasm",
  run: "viceroy serve --addr 127.0.0.1:7676 -C fastly.toml bin/main.wasm",
  wit: ["wasi/wit/wasi.wit", "fastly/wit/compute.wit", "fastly/wit/reply.wit"],
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
  services: {},
  refuse({ providers, middleware }) {
    const parts = providers.length + middleware.length;
    return parts <= MAX_PARTS
      ? []
      : [
          {
            reason: `it has ${parts} components, and ${MAX_PARTS} fit`,
            hint: "Put tools into fewer providers, or use less middleware",
          },
        ];
  },
  files: (core) => ({ "fastly.toml": { text: fastlyToml(core) } }),
};
