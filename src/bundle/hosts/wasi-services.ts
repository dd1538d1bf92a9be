import type { HostModule, WatService } from "../host-definition.ts";
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

const PAGE_BYTES = 65_536;
/** Where granted prefixes are in its memory. */
const PREFIXES_AT = PAGE_BYTES;
/** Room of entries, which the memory grows into: half as much again as they may have. */
const ENTRY_PAGES = 384;

/** `tenon:host/kv` in the memory of one instance: at most 10,000 keys, and 16 MiB with all their values. */
export const INSTANCE_KV: WatService = {
  wat({ kv }) {
    const prefixes = Buffer.concat(
      kv.map((prefix) => {
        const length = Buffer.alloc(4);
        length.writeUInt32LE(Buffer.byteLength(prefix));
        return Buffer.concat([length, Buffer.from(prefix)]);
      }),
    );
    const heap = Math.ceil((PREFIXES_AT + prefixes.length) / 8) * 8;
    return {
      module: "wasi/instance-kv",
      imports: ["tenon-wasi:clocks/wall-clock@0.2.0", "wasi:random/random@0.2.0"],
      exports: ["tenon:host/kv@0.1.0"],
      values: {
        PREFIXES: prefixes.toString("hex").replaceAll(/../g, "\\$&"),
        COUNT: String(kv.length),
        ENTRIES_END: String(heap + ENTRY_PAGES * PAGE_BYTES),
        HEAP: String(heap),
        // Half a page at least for entries and what is passed, which is enough for most instances.
        PAGES: String(Math.ceil((heap + PAGE_BYTES / 2) / PAGE_BYTES)),
      },
    };
  },
};
