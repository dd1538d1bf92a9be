import { engineFreeComponent } from "../build/engine-free-component.ts";
import { ByteWriter, PREAMBLE_LENGTH, readSections, SECTION } from "../wasm/index.ts";
import { worldSource, type WorldDefinition } from "../wit/index.ts";

type WasmTools = typeof import("@bytecodealliance/jco-transpile/wasm-tools");

/** wasm-tools, compiled on first use: loading it takes longer than most commands need. */
export function wasmTools(): Promise<WasmTools> {
  return import("@bytecodealliance/jco-transpile/wasm-tools");
}

/** Makes a component out of the text of a core module and the world it is written for. */
export function generateComponent(coreModule: string, world: WorldDefinition): Promise<Uint8Array> {
  const witSource = worldSource(world);
  return remembered(`${witSource}\n${coreModule}`, async () => {
    const { parse } = await wasmTools();
    const binary = withoutNames(await parse(coreModule));
    return engineFreeComponent({ binary, witSource, world: world.name });
  });
}

/** The text of a component. */
export function printComponent(bytes: Uint8Array): Promise<string> {
  return remembered(Buffer.from(bytes).toString("latin1"), async () => (await wasmTools()).print(bytes));
}

/** Makes a component out of its text. */
export function parseComponent(text: string): Promise<Uint8Array> {
  return remembered(text, async () => (await wasmTools()).parse(text));
}

const MAX_REMEMBERED = 256;
const MAX_TEXT = 256 * 1024;
const made = new Map<string, Promise<unknown>>();

/**
 * Whoever composes again, as `tenon dev` does, or proves what was just composed, needs most of it again: what was made of the
 * last 256 small inputs is kept. No input of one kind is one of another: texts are WAT or WIT, bytes start with a NUL.
 */
function remembered<Made>(text: string, make: () => Promise<Made>): Promise<Made> {
  const known = made.get(text) as Promise<Made> | undefined;
  if (known !== undefined) return known;
  const making = make();
  if (text.length > MAX_TEXT) return making;
  making.catch(() => made.delete(text));
  made.set(text, making);
  if (made.size > MAX_REMEMBERED) made.delete(made.keys().next().value!);
  return making;
}

/** A core module without the names of its text, which are for readers of the source. */
function withoutNames(coreModule: Uint8Array): Uint8Array {
  const out = new ByteWriter().bytes(coreModule.subarray(0, PREAMBLE_LENGTH));
  for (const { id, whole } of readSections(coreModule)) if (id !== SECTION.custom) out.bytes(whole);
  return out.finish();
}
