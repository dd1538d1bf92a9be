import { worldSource, type WorldDefinition } from "../wit/index.ts";

type WasmTools = typeof import("@bytecodealliance/jco-transpile/wasm-tools");

/** wasm-tools, compiled on first use: loading it takes longer than most commands need. */
export function wasmTools(): Promise<WasmTools> {
  return import("@bytecodealliance/jco-transpile/wasm-tools");
}

/** Makes a component out of the text of a core module and the world it is written for. */
export async function generateComponent(coreModule: string, world: WorldDefinition): Promise<Uint8Array> {
  const { parse, componentEmbed, componentNew } = await wasmTools();
  const embedded = await componentEmbed({
    binary: await parse(coreModule),
    witSource: worldSource(world),
    world: world.name,
  });
  return componentNew(embedded, []);
}
