import { readFile } from "node:fs/promises";
import { attachAdapter } from "../compose/index.ts";
import { ToolkitError } from "../errors/index.ts";
import { readManifest, type CoreManifest } from "../manifest/index.ts";
import { packageFile } from "../package/index.ts";
import { checkImports } from "./check-imports.ts";
import { fastlyToml } from "./fastly-toml.ts";
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
  files: (core: CoreManifest) => Record<string, string>;
}

const HOSTS: Record<BundleHost, HostDefinition> = {
  wasmtime: { entryPoint: "wasi:http/incoming-handler@0.2.0", files: () => ({}) },
  fastly: {
    entryPoint: "fastly:compute/http-incoming@0.1.0",
    // Each part brings about 12 core instances, and Viceroy stops a request at 100.
    maxParts: 5,
    files: (core) => ({ "fastly.toml": fastlyToml(core) }),
  },
};

/**
 * Puts the adapter of a host around a composed server. Equal input gives equal bytes.
 *
 * @throws ToolkitError `ERR_MANIFEST` when `core` is not a composed server; `ERR_HOST_CORE` when it imports what the
 * host does not serve or has more components than fit; `ERR_CONFIG` when a setting is not what it must be; `ERR_FILE` when this package was installed
 * without its adapters.
 */
export async function bundle({ core, host, http = {} }: BundleInput): Promise<Bundle> {
  const manifest = readManifest(core);
  if (manifest?.kind !== "core") {
    throw new ToolkitError(`Cannot bundle for ${host}: the component is not a composed server`, {
      code: "ERR_MANIFEST",
      hint: 'Make one with "tenon compose"',
    });
  }
  await checkImports(core, manifest, host);
  const { entryPoint, maxParts = Number.POSITIVE_INFINITY, files } = HOSTS[host];
  const parts = manifest.providers.length + manifest.middleware.length;
  if (parts > maxParts) {
    throw new ToolkitError(
      `Cannot bundle "${manifest.name}" for ${host}: it has ${parts} components, and ${maxParts} fit`,
      { code: "ERR_HOST_CORE", hint: "Put tools into fewer providers, or use less middleware" },
    );
  }
  const settings = await settingsComponent(http);
  const [services, adapter] = await Promise.all([readAdapter("services"), readAdapter(host)]);
  const bytes = await attachAdapter({
    core,
    adapter,
    services: [services, settings],
    rename: (name) => name.replace(/^tenon-wasi:/, "wasi:"),
    exports: [entryPoint],
  });
  return { bytes, files: files(manifest) };
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
