import { createHash } from "node:crypto";
import { createRequire } from "node:module";
import { join } from "node:path";
import { defaultCacheDir, openCache, type Cache } from "../cache/index.ts";
import { ToolkitError } from "../errors/index.ts";
import { packageVersion } from "../package/index.ts";
import { clearFreeMemory } from "./clear-free-memory.ts";
import { componentFrame } from "./component-frame.ts";
import { CoreModule } from "./core-module.ts";
import { reproducibleEngine } from "./engine-runtime.ts";
import { engineLayout } from "./engine-layout.ts";
import { evaluateModule, type Evaluation } from "./evaluate-module.ts";
import { askedOf, constantsOf, engineModule, filledFrame, glueModule } from "./link-engine.ts";
import { stateModule } from "./state-module.ts";
import { withoutNames } from "./without-names.ts";
import { runToolchain, worldGlue, type WorldGlue } from "./world-glue.ts";

/** A module for the engine. */
export interface EngineInput {
  /** One ES module; its imports are WIT interfaces. */
  code: string;
  /** Text of the world and of every package it needs. */
  wit: string;
  /** Name of the world. */
  world: string;
  /** As in `AdapterInput`. */
  startsLate?: boolean | undefined;
}

const require = createRequire(import.meta.url);
let engine: Promise<Buffer | undefined> | undefined;

/** True when equal sources give equal bytes. */
export async function isReproducible(): Promise<boolean> {
  engine ??= reproducibleEngine();
  return (await engine) !== undefined;
}

/**
 * Puts a module into a component with QuickJS: the engine without `async`, optimised for size.
 *
 * The engine loads the module in this process, and the component has the memory it had then. That memory, and what joins the engine with
 * the world, are taken from `components` in the user's cache folder where they were made before.
 *
 * @throws ToolkitError `ERR_BUILD_ENGINE` when the engine refuses it.
 * @throws ToolkitError `ERR_FILE` when others may write to the cache folder.
 */
export async function componentize(input: EngineInput): Promise<Uint8Array> {
  engine ??= reproducibleEngine();
  const runtime = await engine;
  try {
    if (runtime !== undefined) return await makeComponent(runtime, input);
    return withoutNames(await runToolchain({ sync: true, optSize: true }, input));
  } catch (cause) {
    throw cause instanceof ToolkitError ? cause : notMade(cause);
  }
}

async function makeComponent(
  runtime: Buffer,
  { code, wit, world, startsLate = false }: EngineInput,
): Promise<Uint8Array> {
  const { frame, glue } = await worldParts(runtime, { wit, world, startsLate });
  const library = new CoreModule(runtime);
  const layout = engineLayout(runtime, glue.module);
  const memory = await loadedMemory({ engine: runtime, glue, layout, code });
  clearFreeMemory(memory, layout.heapBase);
  // Of a part that starts late the state holds the engine's constants as well: the engine cannot lay them out later.
  const data = startsLate ? "none" : "constants";
  if (!startsLate) takeOut(constantsOf(library, layout), memory);
  return filledFrame(frame, [
    stateModule(library, askedOf(library), { layout, memory, startsLate }),
    engineModule(library, layout, data),
    glueModule(new CoreModule(glue.module), layout, data),
  ]);
}

const MEMORY = "memory";

/** The memory after a module was loaded, which is kept by all that goes in. */
async function loadedMemory(input: Evaluation): Promise<Uint8Array> {
  const { engine: runtime, glue, layout, code } = input;
  const cache = await componentCache();
  const digests = [runtime, glue.module, glue.data].map(sha256);
  const key = JSON.stringify([MEMORY, packageVersion(), digests, glue.shim, layout, code]);
  const kept = (await cache.read(key))?.get(MEMORY);
  if (kept !== undefined) return kept;
  const memory = evaluateModule(input);
  await cache.write(key, new Map([[MEMORY, memory]]));
  return memory;
}

function componentCache(): Promise<Cache> {
  return openCache(join(defaultCacheDir(), "components"));
}

/** Clears constants in a memory, which the engine's module lays out in each instance. */
function takeOut({ address, bytes }: { address: number; bytes: Uint8Array }, memory: Uint8Array): void {
  const end = address + bytes.length;
  if (Buffer.compare(memory.subarray(address, end), bytes) !== 0) throw new Error("a constant has changed");
  memory.fill(0, address, end);
}

/** What all components of a world have: what is around the core modules, and the glue. */
interface WorldParts {
  frame: Uint8Array;
  glue: WorldGlue;
}

const [FRAME, GLUE, GLUE_DATA, SHIM] = ["frame.wasm", "glue.wasm", "glue.data", "shim.js"];

async function worldParts(
  runtime: Buffer,
  world: { wit: string; world: string; startsLate: boolean },
): Promise<WorldParts> {
  const cache = await componentCache();
  const key = JSON.stringify([engineVersion(), packageVersion(), sha256(runtime), world]);
  const kept = await cache.read(key);
  const [frame, module, data, shim] = [FRAME, GLUE, GLUE_DATA, SHIM].map((name) => kept?.get(name));
  if (frame && module && data && shim) {
    return { frame, glue: { module, data, shim: Buffer.from(shim).toString() } };
  }
  const glue = await worldGlue(runtime, world.wit, world.world);
  const parts = { frame: await componentFrame(new CoreModule(glue.module), world), glue };
  await cache.write(
    key,
    new Map([
      [FRAME, parts.frame],
      [GLUE, glue.module],
      [GLUE_DATA, glue.data],
      [SHIM, Buffer.from(glue.shim)],
    ]),
  );
  return parts;
}

/** What the manifest says of the engine. */
export function engineVersion(): { name: string; version: string } {
  const { version } = require("componentize-qjs/package.json") as { version: string };
  return { name: "quickjs", version };
}

function notMade(cause: unknown): ToolkitError {
  return new ToolkitError(`Cannot make a component: ${reason(cause)}`, { code: "ERR_BUILD_ENGINE", cause });
}

function reason(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  const lines = text.split("\n").filter((line) => line.trim() !== "" && !/^\s*(?:\d+:\s+0x|at )/.test(line));
  return lines.join(" ").replace(/^: /, "").slice(0, 1000);
}

function sha256(data: Uint8Array): string {
  return createHash("sha256").update(data).digest("hex");
}
