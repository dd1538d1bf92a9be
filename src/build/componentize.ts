import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ToolkitError } from "../errors/index.ts";
import { compactSnapshot } from "./compact-snapshot.ts";
import { reproducibleEngine } from "./engine-runtime.ts";
import { withoutNames } from "./without-names.ts";

/** A module for the engine. */
export interface EngineInput {
  /** One ES module; its imports are WIT interfaces. */
  code: string;
  /** Path of a WIT file or folder. */
  witPath: string;
  /** Name of the world. */
  world: string;
}

let engine: Promise<Buffer | undefined> | undefined;

/** True when equal sources give equal bytes. */
export async function isReproducible(): Promise<boolean> {
  engine ??= reproducibleEngine();
  return (await engine) !== undefined;
}

/**
 * Puts a module into a component with QuickJS: the engine without `async`, optimised for size.
 *
 * @throws ToolkitError `ERR_BUILD_ENGINE` when the engine refuses it.
 */
export async function componentize(input: EngineInput): Promise<Uint8Array> {
  const { componentize: run } = await import("componentize-qjs");
  try {
    const { code: jsSource, witPath, world } = input;
    engine ??= reproducibleEngine();
    const runtimeBytes = await engine;
    const runtime = runtimeBytes === undefined ? { sync: true, optSize: true } : { runtimeBytes };
    const { component } = await run({ jsSource, witPath, world, ...runtime });
    return compactSnapshot(withoutNames(component), runtimeBytes);
  } catch (cause) {
    throw new ToolkitError(`Cannot make a component: ${reason(cause)}`, { code: "ERR_BUILD_ENGINE", cause });
  }
}

/** The same for a world given as WIT text. */
export async function componentizeText(input: {
  code: string;
  wit: string;
  world: string;
}): Promise<Uint8Array> {
  const folder = await mkdtemp(join(tmpdir(), "tenon-wit-"));
  try {
    const witPath = join(folder, "world.wit");
    await writeFile(witPath, input.wit);
    return await componentize({ code: input.code, witPath, world: input.world });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** What the manifest says of the engine. */
export function engineVersion(): { name: string; version: string } {
  const { version } = createRequire(import.meta.url)("componentize-qjs/package.json") as { version: string };
  return { name: "quickjs", version };
}

function reason(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  const lines = text.split("\n").filter((line) => line.trim() !== "" && !/^\s*(?:\d+:\s+0x|at )/.test(line));
  return lines.join(" ").replace(/^: /, "").slice(0, 1000);
}
