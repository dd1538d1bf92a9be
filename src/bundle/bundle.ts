import { readFile } from "node:fs/promises";
import { admitCore, attachAdapter } from "../compose/index.ts";
import { ToolkitError } from "../errors/index.ts";
import { readManifest, type CoreManifest } from "../manifest/index.ts";
import { packageFile } from "../package/index.ts";
import { checkImports } from "./check-imports.ts";
import { fastlyToml } from "./fastly-toml.ts";
import { noStateKeyComponent } from "./no-state-key-component.ts";
import { settingsComponent, type HttpSettings } from "./settings-component.ts";

/** A host that runs a bundle. */
export type BundleHost = "wasmtime" | "fastly";

/** What {@link bundle} takes. */
export interface BundleInput {
  /** A composed server. Its bytes stay as they are, inside the result. */
  core: Uint8Array;
  host: BundleHost;
  /** How to serve HTTP. Default `{}`. */
  http?: HttpSettings;
  /**
   * Where the host keeps the key that seals what clients carry while they are asked something; needed for a core that asks.
   * `environment` is the variable `TENON_STATE_KEY` of the instance: 32 bytes in base64 or hex, or several keys, of which
   * the first one seals and all open. wasmtime only. Default: nowhere.
   */
  stateKey?: "environment";
}

/** What a host needs to run a server. */
export interface Bundle {
  /** The component to run. */
  bytes: Uint8Array;
  /** Contents of the files that go beside it, by name. */
  files: Record<string, string>;
}

interface HostDefinition {
  /** The interface the host calls. */
  entryPoint: string;
  /** How many providers and middleware fit, where the host bounds the instances of a request. */
  maxParts?: number;
  /** True when the adapter takes a key. */
  stateKey: boolean;
  files: (core: CoreManifest) => Record<string, string>;
}

const HOSTS: Record<BundleHost, HostDefinition> = {
  wasmtime: { entryPoint: "wasi:http/incoming-handler@0.2.0", stateKey: true, files: () => ({}) },
  fastly: {
    entryPoint: "fastly:compute/http-incoming@0.1.0",
    // Each part brings about 14 core instances, and Viceroy stops a request at 100.
    maxParts: 4,
    stateKey: false,
    files: (core) => ({ "fastly.toml": fastlyToml(core) }),
  },
};

/**
 * Puts the adapter of a host around a composed server. Equal input gives equal bytes.
 *
 * @throws ToolkitError `ERR_MANIFEST` when `core` is not a composed server; `ERR_HOST_CORE` when its bytes do not prove its
 * manifest, or it imports what the host does not serve or has more components than fit, or asks clients and there is no key for that; `ERR_CONFIG` when a setting is not what it must be; `ERR_FILE` when this package was installed
 * without its adapters.
 */
export async function bundle({ core, host, http = {}, stateKey }: BundleInput): Promise<Bundle> {
  const manifest = readManifest(core);
  if (manifest?.kind !== "core") {
    throw new ToolkitError(`Cannot bundle for ${host}: the component is not a composed server`, {
      code: "ERR_MANIFEST",
      hint: 'Make one with "tenon compose"',
    });
  }
  await checkImports(core, manifest, host);
  await admitCore(core, manifest, `bundle "${manifest.name}" for ${host}`);
  const { entryPoint, maxParts = Number.POSITIVE_INFINITY, files, stateKey: takesKey } = HOSTS[host];
  checkStateKey(manifest, host, stateKey);
  const parts = manifest.providers.length + manifest.middleware.length;
  if (parts > maxParts) {
    throw new ToolkitError(
      `Cannot bundle "${manifest.name}" for ${host}: it has ${parts} components, and ${maxParts} fit`,
      { code: "ERR_HOST_CORE", hint: "Put tools into fewer providers, or use less middleware" },
    );
  }
  const [settings, services, adapter, keys] = await Promise.all([
    settingsComponent(http),
    readAdapter("services"),
    readAdapter(host),
    stateKey === undefined ? noStateKeyComponent() : readAdapter("state-key"),
  ]);
  const bytes = await attachAdapter({
    core,
    adapter,
    services: takesKey ? [services, settings, keys] : [services, settings],
    rename: (name) => name.replace(/^tenon-wasi:/, "wasi:"),
    exports: [entryPoint],
  });
  return { bytes, files: files(manifest) };
}

/** A server that would fail as soon as a tool asks is worse than none. */
function checkStateKey(
  { name, providers }: CoreManifest,
  host: BundleHost,
  stateKey: BundleInput["stateKey"],
): void {
  const asking = providers.filter(({ asks }) => asks === true).map(({ as }) => `"${as}"`);
  const cannot = `Cannot bundle "${name}" for ${host}`;
  if (!HOSTS[host].stateKey && stateKey !== undefined) {
    throw new ToolkitError(`${cannot}: it takes no state key`, { code: "ERR_CONFIG" });
  }
  if (asking.length === 0 || stateKey !== undefined) return;
  throw new ToolkitError(
    `${cannot}: ${asking.join(", ")} asks clients, and no key seals what they carry meanwhile`,
    {
      code: "ERR_HOST_CORE",
      hint: HOSTS[host].stateKey
        ? 'Pass stateKey: "environment", and run it with TENON_STATE_KEY, or run the server with "tenon serve"'
        : 'Leave out what asks, or run the server with "tenon serve"',
    },
  );
}

/** A component of `scripts/build-adapters.mjs`. */
async function readAdapter(name: string): Promise<Uint8Array> {
  const path = packageFile("dist", "components", `adapter-${name}.wasm`);
  try {
    return new Uint8Array(await readFile(path));
  } catch (cause) {
    throw new ToolkitError(`Cannot read "${path}": it is missing`, {
      code: "ERR_FILE",
      hint: 'Install the package again, or run "npm run build" in its repository',
      cause,
    });
  }
}
