import { readFile } from "node:fs/promises";
import { engineFreeComponent } from "../build/engine-free-component.ts";
import { packageFile } from "../package/index.ts";
import { worldSource } from "../wit/index.ts";
import type { LogSink, WatModule } from "./host-definition.ts";

const SHARED_WIT = ["wasi/wit/adapter.wit", "wasi/wit/wasi.wit"];

/**
 * Makes a component without an engine.
 *
 * @param wit Files of `hosts/` with the interfaces it names, besides what all hosts share.
 */
export async function watComponent(
  { module, imports, exports, values }: WatModule,
  wit: readonly string[] = [],
  adapt: (text: string) => string = (text) => text,
): Promise<Uint8Array> {
  const { parse } = await import("@bytecodealliance/jco-transpile/wasm-tools");
  const [wat, ...packages] = await Promise.all([
    readModule(module),
    ...[...new Set([...SHARED_WIT, ...wit])].map(read),
  ]);
  const witSource = worldSource({ name: "built", imports, exports }, packages);
  const text = withValues(adapt(wat), values);
  return engineFreeComponent({ binary: await parse(text), witSource, world: "built" });
}

function withValues(text: string, values: Record<string, string> = {}): string {
  return Object.entries(values).reduce((all, [name, value]) => all.replaceAll(name, () => value), text);
}

const PART = /\(; ([\w-]+\.wat) ;\)/;

/** The text of a module, with the files of its folder that it names as `(; part.wat ;)` in their places. */
async function readModule(module: string): Promise<string> {
  const folder = module.slice(0, module.lastIndexOf("/") + 1);
  const pieces = (await read(`${module}.wat`)).split(PART);
  // Between the pieces of a split stand the names.
  const texts = await Promise.all(
    pieces.map(async (piece, i) => (i % 2 === 0 ? piece : read(folder + piece))),
  );
  return texts.join("");
}

function read(file: string): Promise<string> {
  return readFile(packageFile("hosts", ...file.split("/")), "utf8");
}

const STANDARD_ERROR: LogSink = {
  module: "wasi/standard-error",
  imports: ["tenon-wasi:cli/stderr@0.2.0", "tenon-wasi:io/streams@0.2.0"],
};

/** `services.wat`: the log, the credential of a call, and an outbox that drops what it is given. */
export async function logServices(
  sink: LogSink = STANDARD_ERROR,
  wit: readonly string[] = [],
): Promise<Uint8Array> {
  const services: WatModule = {
    module: "wasi/services",
    imports: ["tenon-wasi:clocks/wall-clock@0.2.0", ...sink.imports],
    exports: [
      "tenon:adapter/call@0.1.0",
      "tenon:host/credentials@0.1.0",
      "tenon:host/log@0.1.0",
      "tenon:mcp/outbox@0.1.0",
    ],
  };
  const sinkText = withValues(await readModule(sink.module), sink.values);
  return watComponent(services, wit, (text) => text.replace("(; sink ;)", () => sinkText));
}

/** Variables whose names start with `TENON_`, among them the key that seals states. */
export const ENVIRONMENT_VARIABLES: WatModule = {
  module: "wasi/environment",
  imports: ["tenon-wasi:cli/environment@0.2.0"],
  exports: ["tenon:adapter/environment@0.1.0", "tenon:adapter/state-key@0.1.0"],
};
