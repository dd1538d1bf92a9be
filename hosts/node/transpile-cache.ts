import { createHash, randomBytes } from "node:crypto";
import { mkdir, mkdtemp, readdir, readFile, rename, rm, stat, utimes, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { ToolkitError } from "../../src/errors/index.ts";
import { packageVersion } from "../../src/package/index.ts";
import { hollowModules } from "./hollow-modules.ts";

/** A component as JavaScript and core modules. */
export interface TranspiledCore {
  /** An ES module that exports `instantiate`. */
  glue: string;
  /** Core modules by the name `glue` asks for. */
  modules: Map<string, Uint8Array>;
  /** Interfaces the component imports, without versions. */
  imports: string[];
}

interface CacheIndex {
  imports: string[];
  /** SHA-256 of every file, in hexadecimal. */
  files: Record<string, string>;
}

// Part of every key: raise it when what is kept changes without a change of this package's version, of jco or its options.
const FORMAT = 5;
const INDEX = "index.json";
const GLUE = "core.js";
const KEPT_ENTRIES = 20;
const PACKAGE = "@bytecodealliance/jco-transpile";

/** Where transpiled cores are kept: `TENON_CACHE_DIR`, or `tenon` in the user's cache folder. */
export function defaultCacheDir(): string {
  const given = process.env["TENON_CACHE_DIR"];
  if (given) return given;
  const user =
    process.platform === "darwin"
      ? join(homedir(), "Library", "Caches")
      : process.env["XDG_CACHE_HOME"] || join(homedir(), ".cache");
  return join(user, "tenon");
}

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
  const key = sha256(JSON.stringify([FORMAT, digest, packageVersion(), await transpilerVersion(), options]));
  const folder = cacheDir === false ? undefined : await privateFolder(cacheDir);
  const entry = folder && join(folder, key);
  const cached = entry && (await readEntry(entry));
  if (cached) return cached;
  await admit();
  const { files, imports } = await transpile(bytes, options);
  if (folder && entry) await writeEntry(folder, entry, files, imports);
  return fromFiles(files, imports);
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
    const glue = adapted(new TextDecoder().decode(result.files.get(GLUE)));
    result.files.set(GLUE, new TextEncoder().encode(glue));
    return result;
  } catch (cause) {
    throw new ToolkitError("Cannot load core: it is not a component this host can run", {
      code: "ERR_HOST_CORE",
      details: [cause instanceof Error ? cause.message : String(cause)],
      cause,
    });
  }
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

/**
 * The transpiled code asks for an environment variable at every step of every call before it logs nothing, which costs
 * a tenth of a call; and it takes a byte order mark at the start of a text for none of it. A version that writes these
 * differently is left alone.
 */
function adapted(glue: string): string {
  return glue
    .replace(/const _debugLog = \(\.\.\.args\) => \{[^}]*\}[^}]*\};/, "const _debugLog = () => {};")
    .replaceAll("new TextDecoder()", 'new TextDecoder("utf-8", { ignoreBOM: true })');
}

/** Several memories in one module: on by default since V8 12, which Node 22 brought. */
function hasMultiMemory(): boolean {
  return Number(process.versions.node.split(".")[0]) >= 22;
}

async function transpilerVersion(): Promise<string> {
  const main = createRequire(import.meta.url).resolve(PACKAGE);
  const manifest = await readFile(join(dirname(main), "..", "package.json"), "utf8");
  return (JSON.parse(manifest) as { version: string }).version;
}

/** The folder, made if need be; nothing where the file system allows none, which costs time and nothing else. */
async function privateFolder(folder: string): Promise<string | undefined> {
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
  } catch {
    return undefined;
  }
  if (process.getuid === undefined) return folder;
  const { uid, mode } = await stat(folder);
  if ((uid === process.getuid() || uid === 0) && (mode & 0o022) === 0) return folder;
  throw new ToolkitError(`Cannot use cache folder "${folder}": others may write to it`, {
    code: "ERR_FILE",
    hint: `Run "chmod 700 ${folder}", or name another folder in TENON_CACHE_DIR`,
  });
}

async function readEntry(entry: string): Promise<TranspiledCore | undefined> {
  try {
    const index = JSON.parse(await readFile(join(entry, INDEX), "utf8")) as CacheIndex;
    const files = new Map<string, Uint8Array>();
    await Promise.all(
      Object.entries(index.files).map(async ([name, hash]) => {
        const content = await readFile(join(entry, name));
        if (sha256(content) !== hash) throw new Error(`"${name}" does not match its hash`);
        files.set(name, content);
      }),
    );
    const now = new Date();
    await utimes(entry, now, now);
    return fromFiles(files, index.imports);
  } catch {
    return undefined;
  }
}

async function writeEntry(
  folder: string,
  entry: string,
  files: ReadonlyMap<string, Uint8Array>,
  imports: string[],
): Promise<void> {
  try {
    const draft = await mkdtemp(join(folder, "draft-"));
    const index: CacheIndex = { imports, files: {} };
    await Promise.all(
      [...files].map(([name, content]) => {
        index.files[name] = sha256(content);
        return writeFile(join(draft, name), content, { mode: 0o600 });
      }),
    );
    await writeFile(join(draft, INDEX), JSON.stringify(index), { mode: 0o600 });
    // What is there is broken, or another process has just made it: either way this one is as good.
    const old = join(folder, `draft-${randomBytes(8).toString("hex")}`);
    await rename(entry, old).catch(() => undefined);
    await rename(draft, entry).catch(() => rm(draft, { recursive: true, force: true }));
    await rm(old, { recursive: true, force: true });
    await prune(folder);
  } catch {
    // A full or read-only disk leaves the next start as slow as this one.
  }
}

/** Removes all but the entries used last. Running servers keep theirs in memory. */
async function prune(folder: string): Promise<void> {
  const entries = await Promise.all(
    (await readdir(folder))
      .filter((name) => /^[0-9a-f]{64}$/.test(name))
      .map(async (name) => ({ path: join(folder, name), usedMs: (await stat(join(folder, name))).mtimeMs })),
  );
  entries.sort((a, b) => b.usedMs - a.usedMs);
  await Promise.all(
    entries.slice(KEPT_ENTRIES).map(({ path }) => rm(path, { recursive: true, force: true })),
  );
}

function fromFiles(files: Map<string, Uint8Array>, imports: string[]): TranspiledCore {
  const glue = files.get(GLUE);
  if (!glue)
    throw new ToolkitError("Cannot load core: the transpiler gave no code", { code: "ERR_HOST_CORE" });
  const modules = new Map([...files].filter(([name]) => name.endsWith(".wasm")));
  return { glue: new TextDecoder().decode(glue), modules, imports };
}

function sha256(data: string | Uint8Array): string {
  return createHash("sha256").update(data).digest("hex");
}
