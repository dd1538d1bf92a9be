import type { HostModule } from "../host-definition.ts";
import { ENVIRONMENT_VARIABLES } from "../wat-component.ts";

/** `tenon:host/http` where a host has `wasi:http/outgoing-handler`; its WIT is `wasi/wit/http.wit`. */
export const WASI_HTTP: HostModule = {
  module: "wasi/http",
  imports: [
    "tenon:adapter/call@0.1.0",
    "tenon-wasi:clocks/monotonic-clock@0.2.0",
    "tenon-wasi:http/outgoing-handler@0.2.0",
    "tenon-wasi:http/types@0.2.0",
    "tenon-wasi:io/poll@0.2.0",
    "tenon-wasi:io/streams@0.2.0",
  ],
};

/** `tenon:host/config` from variables `TENON_CONFIG_<KEY>`. */
export const ENVIRONMENT_CONFIG: HostModule = {
  module: "wasi/config",
  imports: ["tenon:adapter/environment@0.1.0"],
  needs: ENVIRONMENT_VARIABLES,
};

/** `tenon:host/secrets` from variables `TENON_SECRET_<NAME>`. */
export const ENVIRONMENT_SECRETS: HostModule = {
  module: "wasi/secrets",
  imports: ["tenon:adapter/environment@0.1.0"],
  needs: ENVIRONMENT_VARIABLES,
};
