import { readFile, stat } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { defaultCacheDir, openCache } from "../cache/index.ts";

// Loading a module runs the engine once and keeps its memory, with two things in it that differ from one build to the
// next: the seed of the hash tables of its Rust half (so also their layout), and the time it started, from which
// `Math.random` takes its seed. Neither can be set from outside, so the engine is patched in these three places.
// The guest runtime reseeds `Math.random`, and `performance.now` then counts from the host's own origin.

interface Patch {
  /** Bytes that must occur exactly once. */
  find: readonly number[];
  /** As many bytes. */
  replace: readonly number[];
}

const PATCHES: readonly Patch[] = [
  {
    // `local.get 2; i32.const 160; i32.add; call insecure-seed`: the last becomes `drop; nop`.
    find: [0x20, 0x02, 0x41, 0xa0, 0x01, 0x6a, 0x10, 0x00],
    replace: [0x20, 0x02, 0x41, 0xa0, 0x01, 0x6a, 0x1a, 0x01],
  },
  {
    // `i64.const 1; call gettimeofday; local.tee 13`, in the constructor of the context: the call becomes
    // `i64.const 42; nop`.
    find: [0x42, 0x01, 0x10, 0xb0, 0x08, 0x22, 0x0d],
    replace: [0x42, 0x01, 0x42, 0x2a, 0x01, 0x22, 0x0d],
  },
  {
    // `local.get 0; call now; f64.store offset=272`, the time origin: the call becomes `i32.const 0;
    // f64.convert_i32_s`.
    find: [0x20, 0x00, 0x10, 0xeb, 0x08, 0x39, 0x03, 0x90, 0x02],
    replace: [0x20, 0x00, 0x41, 0x00, 0xb7, 0x39, 0x03, 0x90, 0x02],
  },
  withoutSource(0x11, 0x01, 0x01),
  withoutSource(0x03, 0x02, 0x02),
  withoutSource(0x03, 0x04, 0x03),
];

/**
 * One of the three places where the parser keeps the text of a function, or of a class, beside its code. The text of an
 * inner function is kept once more by each function around it, and all that wants it is `Function.prototype.toString`.
 */
function withoutSource(start: number, length: number, result: number): Patch {
  return {
    // `local.get 10; local.get start; local.get length; call js_strndup; local.tee result; i32.store offset=380`
    find: [0x20, 0x0a, 0x20, start, 0x20, length, 0x10, 0x8d, 0x08, 0x22, result, 0x36, 0x02, 0xfc, 0x02],
    // `i32.const 0; i32.store offset=380; i32.const 1; local.set result`, and five `nop`: no text, and no failure.
    replace: [0x41, 0x00, 0x36, 0x02, 0xfc, 0x02, 0x41, 0x01, 0x21, result, 0x01, 0x01, 0x01, 0x01, 0x01],
  };
}

// The preamble of a core module (magic, version 1), and a custom section named `dylink.0`.
const PREAMBLE = Buffer.from([0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00]);
const DYLINK_NAME = Buffer.from("\u0008dylink.0");
const LAST_SECTION_ID = 13;
const MIN_ENGINE_SIZE = 500_000;

const ENGINE = "engine.wasm";
const require = createRequire(import.meta.url);

/**
 * The engine inside componentize-qjs, without `async` and optimised for size, patched so that equal sources give equal
 * components; nothing when this version of it is not the one the patches are for.
 *
 * It is taken from `components` in the user's cache folder where it was found before: a search through all that it is embedded in
 * takes longer than the rest of a build.
 */
export async function reproducibleEngine(): Promise<Buffer | undefined> {
  // A folder that is not to be used is told of where components are kept.
  const cache = await openCache(join(defaultCacheDir(), "components")).catch(() => undefined);
  const key = JSON.stringify([ENGINE, await installed("componentize-qjs/package.json"), PATCHES]);
  const kept = (await cache?.read(key))?.get(ENGINE);
  if (kept !== undefined) return Buffer.from(kept.buffer, kept.byteOffset, kept.length);
  const engine = await embeddedEngine();
  if (engine !== undefined) await cache?.write(key, new Map([[ENGINE, engine]]));
  return engine;
}

/** What tells an installed file from one of another version. */
async function installed(file: string): Promise<unknown> {
  const path = require.resolve(file);
  const { size, mtimeMs } = await stat(path);
  return [path, await readFile(path, "utf8"), size, mtimeMs, process.platform, process.arch];
}

async function embeddedEngine(): Promise<Buffer | undefined> {
  require("componentize-qjs");
  const binding = Object.keys(require.cache).find((path) => /componentize-qjs[^/\\]*\.node$/.test(path));
  if (binding === undefined) return undefined;
  // The engines are embedded verbatim; the one sought is the smallest of the four.
  const [engine] = embeddedEngines(await readFile(binding)).sort((a, b) => a.length - b.length);
  return engine === undefined ? undefined : patched(engine);
}

function patched(engine: Buffer): Buffer | undefined {
  const copy = Buffer.from(engine);
  for (const { find, replace } of PATCHES) {
    const at = copy.indexOf(Buffer.from(find));
    if (at < 0 || copy.indexOf(Buffer.from(find), at + 1) >= 0) return undefined;
    copy.set(replace, at);
  }
  return copy;
}

function embeddedEngines(file: Buffer): Buffer[] {
  const engines: Buffer[] = [];
  for (let at = file.indexOf(PREAMBLE); at >= 0; at = file.indexOf(PREAMBLE, at + 1)) {
    if (file.indexOf(DYLINK_NAME, at) > at + PREAMBLE.length + 16) continue;
    const end = moduleEnd(file, at + PREAMBLE.length);
    if (end - at >= MIN_ENGINE_SIZE) engines.push(file.subarray(at, end));
  }
  return engines;
}

/** Where the sections that start at an offset end: at the first thing that is not a section. */
function moduleEnd(file: Buffer, start: number): number {
  let end = start;
  for (;;) {
    const id = file[end];
    if (id === undefined || id > LAST_SECTION_ID) return end;
    const [size, content] = readU32(file, end + 1);
    if (size === 0 || content + size > file.length) return end;
    if (id === 0) {
      const [nameLength, name] = readU32(file, content);
      const printable = /^[\u0020-\u007e]+$/.test(
        file.toString("latin1", name, Math.min(name + nameLength, name + 1000)),
      );
      if (!printable || name + nameLength > content + size) return end;
    }
    end = content + size;
  }
}

/** An unsigned LEB128 of at most 5 bytes, and the offset after it. */
function readU32(file: Buffer, at: number): [value: number, next: number] {
  let value = 0;
  for (let i = 0; i < 5; i++) {
    const byte = file[at + i] ?? 0;
    value += (byte & 0x7f) * 2 ** (7 * i);
    if (byte < 0x80) return [value, at + i + 1];
  }
  return [0, at];
}
