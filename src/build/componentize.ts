import { createHash } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { defaultCacheDir, openCache } from "../cache/index.ts";
import { ToolkitError } from "../errors/index.ts";
import { compactSnapshot } from "./compact-snapshot.ts";
import { loadWasmTools } from "./component-frame.ts";
import { reproducibleEngine } from "./engine-runtime.ts";
import { relinkEngine } from "./relink-engine.ts";
import { withoutNames } from "./without-names.ts";

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

const COMPONENT = "component.wasm";
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
 * What the engine gave for equal input before is taken from `components` in the user's cache folder. It is kept by all that
 * goes in, the engine among it, and as it came, so that how this package goes on from there may change.
 *
 * @throws ToolkitError `ERR_BUILD_ENGINE` when the engine refuses it.
 * @throws ToolkitError `ERR_FILE` when others may write to the cache folder.
 */
export async function componentize(input: EngineInput): Promise<Uint8Array> {
  engine ??= reproducibleEngine();
  const runtime = await engine;
  if (runtime === undefined) return withoutNames(await runEngine(input));
  const { code, wit, world } = input;
  const key = JSON.stringify([engineVersion(), sha256(runtime), code, wit, world]);
  const cache = await openCache(join(defaultCacheDir(), "components"));
  let component = (await cache.read(key))?.get(COMPONENT);
  if (component === undefined) {
    // The engine runs on other threads, which leaves this one free to load what comes next.
    [component] = await Promise.all([runEngine(input, runtime), loadWasmTools()]);
    await cache.write(key, new Map([[COMPONENT, component]]));
  }
  const { startsLate = false } = input;
  // Of a part that starts late the state holds the engine's constants as well: the engine cannot lay them out later.
  const compact = compactSnapshot(withoutNames(component), startsLate ? undefined : runtime);
  try {
    return await relinkEngine({ component: compact, engine: runtime, wit, world, startsLate });
  } catch (cause) {
    throw notMade(cause);
  }
}

async function runEngine({ code, wit, world }: EngineInput, runtimeBytes?: Buffer): Promise<Uint8Array> {
  const { componentize: run } = require("componentize-qjs") as typeof import("componentize-qjs");
  const runtime = runtimeBytes === undefined ? { sync: true, optSize: true } : { runtimeBytes };
  const folder = await mkdtemp(join(tmpdir(), "tenon-wit-"));
  try {
    const witPath = join(folder, "world.wit");
    await writeFile(witPath, wit);
    const { component } = await run({ jsSource: code, witPath, world, ...runtime });
    return component;
  } catch (cause) {
    throw notMade(cause);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
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
