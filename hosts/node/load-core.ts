import { createHash } from "node:crypto";
import { ToolkitError } from "../../src/errors/index.ts";
import { readAdmittedManifest, readManifest, type CoreManifest } from "../../src/manifest/index.ts";
import { readSourceMaps } from "../../src/source-map/index.ts";
import { boundGrowth } from "./bound-growth.ts";
import { compileModules } from "./compile-modules.ts";
import { prepareThread } from "./core-thread.ts";
import type { Isolation } from "./isolation.ts";
import { leaveUnoptimized } from "./leave-unoptimized.ts";
import { resolveLimits, type LimitsInput } from "./limits/resolve-limits.ts";
import { PROVIDED_INTERFACES } from "./service-imports.ts";
import { transpileCached } from "./transpile-cache.ts";
import { isUnsafeCore, isUnsafeInterface, unsafeEnvironment } from "./unsafe-core.ts";

/** Options of {@link loadCore}. */
export interface LoadOptions {
  /** What error messages call the core, such as its path. Default: no name. */
  name?: string;
  /**
   * Folder for transpiled cores. Default `TENON_CACHE_DIR`, else `tenon` in the user's cache folder. Only its owner may
   * write to it. `false` keeps nothing, for cores that are loaded once, such as those of a project that is being written.
   */
  cacheDir?: string | false;
  /** What its instances may grow to: `guests.memoryMiB` and `guests.tableEntries`. Default: the defaults. */
  limits?: LimitsInput;
  /** As of the server that will run it: `process` keeps its code for other processes. */
  isolation?: Isolation;
  /**
   * True while no other core runs in this process: then the tools that prove and translate a new core are not optimized, which
   * takes a third less of the processor's time. Default false.
   */
  alone?: boolean;
}

/** A core ready to be instantiated in any number of workers. */
export interface LoadedCore {
  /** `sha256:` and 64 hexadecimal digits. */
  readonly digest: string;
  readonly manifest: CoreManifest;
  /** The body of a function that gives `instantiate`, as text. */
  readonly glue: string;
  /** Compiled core modules by the name `glue` asks for. */
  readonly modules: ReadonlyMap<string, WebAssembly.Module>;
  /** The same before they were compiled, for other processes; only where it was loaded for `isolation: "process"`. */
  readonly code?: ReadonlyMap<string, Uint8Array<ArrayBuffer>>;
  /** What each of its memories can grow to. */
  readonly memoryBytes: number;
  /** Source maps of its parts, as JSON by the name of the part. */
  readonly sourceMaps: ReadonlyMap<string, string>;
  /** What unsafe parts see of the environment; absent where no part is unsafe, and so none has anything but the services. */
  readonly environment?: Record<string, string>;
}

const PAGES_PER_MIB = 16;
const BYTES_PER_PAGE = 64 * 1024;

/**
 * Prepares a composed core: reads its manifest, has its bytes prove what that says, transpiles it (or takes the result of
 * an earlier time, when it was proven), checks that it imports only what this host provides, and compiles its modules.
 *
 * @throws ToolkitError `ERR_HOST_CORE` when it is not a core this host can run, or its bytes do not prove its manifest.
 * @throws ToolkitError `ERR_FILE` when others may write to the cache folder.
 * @throws TypeError when a limit is not one.
 */
export function loadCore(bytes: Uint8Array, options: LoadOptions = {}): Promise<LoadedCore> {
  return load(bytes, options, async (manifest, what) => {
    // The composer takes longer to load than a core that is cached.
    const { admitCore } = await import("../../src/compose/index.ts");
    await admitCore(bytes, manifest, `load ${what}`);
  });
}

/** The same for a core that was composed to record what its parts use: it proves no grants, and nothing of it is kept. */
export function loadRecordingCore(bytes: Uint8Array): Promise<LoadedCore> {
  return load(bytes, { cacheDir: false }, async () => {});
}

async function load(
  bytes: Uint8Array,
  options: LoadOptions,
  prove: (manifest: CoreManifest, what: string) => Promise<void>,
): Promise<LoadedCore> {
  const { guests } = resolveLimits(options.limits);
  const what = options.name === undefined ? "core" : `core "${options.name}"`;
  const digest = `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
  let optimize: (() => void) | undefined;
  const admit = (): Promise<void> => {
    if (options.alone) optimize = leaveUnoptimized();
    return prove(coreManifest(bytes, what), what);
  };
  const { glue, modules, imports } = await transpileCached(bytes, digest, admit, options.cacheDir).finally(
    () => optimize?.(),
  );
  prepareThread(glue);
  const manifest = readAdmittedManifest(bytes) as CoreManifest;
  const environment = isUnsafeCore(manifest) ? unsafeEnvironment() : undefined;
  const missing = imports.filter(
    (name) => !PROVIDED_INTERFACES.has(name) && !(environment && isUnsafeInterface(name)),
  );
  if (missing.length > 0) {
    throw new ToolkitError(
      `Cannot load ${what}: it imports "${missing[0]}", which this host does not provide`,
      {
        code: "ERR_HOST_CORE",
        details: missing.slice(1).map((name) => `and "${name}"`),
      },
    );
  }
  const bounds = {
    memoryPages: guests.memoryMiB * PAGES_PER_MIB,
    tableEntries: guests.tableEntries,
  };
  const code = new Map([...modules].map(([name, module]) => [name, boundGrowth(module, bounds)]));
  return {
    digest,
    manifest,
    glue,
    modules: await compileModules(code, what),
    ...(options.isolation === "process" && { code }),
    memoryBytes: bounds.memoryPages * BYTES_PER_PAGE,
    sourceMaps: readSourceMaps(bytes),
    ...(environment && { environment }),
  };
}

function coreManifest(bytes: Uint8Array, what: string): CoreManifest {
  const manifest = readManifest(bytes);
  if (manifest?.kind === "core") return manifest;
  throw new ToolkitError(
    `Cannot load ${what}: it is ${manifest ? `a ${manifest.kind}` : "a file without a manifest"}`,
    {
      code: "ERR_HOST_CORE",
      hint: "Compose it first: tenon compose",
    },
  );
}
