import { defaultCacheDir, openCache } from "../../src/cache/index.ts";
import { ToolkitError } from "../../src/errors/index.ts";
import { packageVersion, pinnedVersion } from "../../src/package/index.ts";
import { adaptGlue } from "./glue/adapt-glue.ts";
import { hollowModules } from "./hollow-modules.ts";

/** A component as JavaScript and core modules. */
export interface TranspiledCore {
  /** The body of a function that gives `instantiate`, which takes `Passages` besides what jco gives it. */
  glue: string;
  /** Core modules by the name `glue` asks for. */
  modules: Map<string, Uint8Array>;
  /** Interfaces the component imports, without versions. */
  imports: string[];
}

// Part of every key: raise it when what is kept changes without a change of this package's version, of jco or its options.
const FORMAT = 12;
const IMPORTS = "imports.json";
const GLUE = "core.js";
const TRANSPILER = "@bytecodealliance/jco-transpile";

/**
 * Transpiles a component, or takes the result of an earlier time from `cacheDir`; with `false` it is neither looked for nor
 * kept.
 *
 * An entry is named by the digest of the component, the versions of this package and the transpiler, and its options; it
 * appears whole or not at all, and whatever does not match its hashes when read is made again.
 *
 * @param digest Of `bytes`.
 * @param admit Runs before anything is made of the bytes, and throws when nothing may be: an entry stands for bytes that
 * this version of this package admitted, and is taken without asking again.
 * @throws ToolkitError `ERR_HOST_CORE` when the component cannot be transpiled.
 * @throws ToolkitError `ERR_FILE` when others may write to `cacheDir`.
 */
export async function transpileCached(
  bytes: Uint8Array,
  digest: string,
  admit: () => Promise<void>,
  cacheDir: string | false = defaultCacheDir(),
): Promise<TranspiledCore> {
  const options = {
    name: "core",
    instantiation: "sync",
    emitTypescriptDeclarations: false,
    base64Cutoff: 0,
    multiMemory: hasMultiMemory(),
  } as const;
  const key = JSON.stringify([FORMAT, digest, packageVersion(), pinnedVersion(TRANSPILER), options]);
  const cache = cacheDir === false ? undefined : await openCache(cacheDir);
  const cached = await cache?.read(key);
  if (cached) return fromFiles(cached);
  await admit();
  const { files, imports } = await transpile(bytes, options);
  files.set(IMPORTS, new TextEncoder().encode(JSON.stringify(imports)));
  await cache?.write(key, files);
  return fromFiles(files);
}

type TranspileOptions = Parameters<typeof import("@bytecodealliance/jco-transpile").transpileBytes>[1];

/** Files by name. Taking the modules' code out first is only for speed: what cannot be taken apart is transpiled whole. */
async function transpile(
  bytes: Uint8Array,
  options: TranspileOptions,
): Promise<{ files: Map<string, Uint8Array>; imports: string[] }> {
  const { transpileBytes } = await import("@bytecodealliance/jco-transpile");
  const run = async (component: Uint8Array) => {
    const { files, imports } = await transpileBytes(component, options);
    return { files: new Map(Object.entries(files)), imports };
  };
  try {
    const result = (await transpileHollow(bytes, run)) ?? (await run(bytes));
    const { glue } = adaptGlue(new TextDecoder().decode(result.files.get(GLUE)));
    result.files.set(GLUE, new TextEncoder().encode(asFunction(glue)));
    return result;
  } catch (cause) {
    throw new ToolkitError("Cannot load core: it is not a component this host can run", {
      code: "ERR_HOST_CORE",
      details: [cause instanceof Error ? cause.message : String(cause)],
      cause,
    });
  }
}

/** What is no module is compiled at once, without a loader and its promises. */
function asFunction(module: string): string {
  return `"use strict";\n${module.replaceAll(/^export (?=function|const)/gm, "")}\nreturn { instantiate };`;
}

async function transpileHollow<T extends { files: Map<string, Uint8Array> }>(
  bytes: Uint8Array,
  run: (component: Uint8Array) => Promise<T>,
): Promise<T | undefined> {
  try {
    const hollow = hollowModules(bytes);
    const result = await run(hollow.bytes);
    const modules = new Map([...result.files].filter(([name]) => name.endsWith(".wasm")));
    if (!hollow.restore(modules)) return undefined;
    for (const [name, module] of modules) result.files.set(name, module);
    return result;
  } catch {
    return undefined;
  }
}

/** Several memories in one module: on by default since V8 12, which Node 22 brought. */
function hasMultiMemory(): boolean {
  return Number(process.versions.node.split(".")[0]) >= 22;
}

function fromFiles(files: ReadonlyMap<string, Uint8Array>): TranspiledCore {
  const glue = files.get(GLUE);
  if (!glue)
    throw new ToolkitError("Cannot load core: the transpiler gave no code", { code: "ERR_HOST_CORE" });
  const modules = new Map([...files].filter(([name]) => name.endsWith(".wasm")));
  const imports = JSON.parse(new TextDecoder().decode(files.get(IMPORTS))) as string[];
  return { glue: new TextDecoder().decode(glue), modules, imports };
}
