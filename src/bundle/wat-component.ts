import { readFile } from "node:fs/promises";
import { packageFile } from "../package/index.ts";
import { worldSource } from "../wit/index.ts";

/** Makes a component without an engine of `hosts/wasi/<name>.wat`. */
export async function watComponent(
  name: string,
  { imports, exports }: { imports: readonly string[]; exports: readonly string[] },
): Promise<Uint8Array> {
  const { parse, componentEmbed, componentNew } = await import("@bytecodealliance/jco-transpile/wasm-tools");
  const [wat, adapter, wasi] = await Promise.all([
    read(`${name}.wat`),
    read("wit", "adapter.wit"),
    read("wit", "wasi.wit"),
  ]);
  const witSource = [worldSource({ name: "built", imports, exports }), adapter, wasi].join("\n");
  return componentNew(await componentEmbed({ binary: await parse(wat), witSource, world: "built" }), []);
}

function read(...path: string[]): Promise<string> {
  return readFile(packageFile("hosts", "wasi", ...path), "utf8");
}

/** `services.wat`: the log, the credential of a call, and an outbox that drops what it is given. */
export function logServices(): Promise<Uint8Array> {
  return watComponent("services", {
    imports: [
      "tenon-wasi:cli/stderr@0.2.0",
      "tenon-wasi:clocks/wall-clock@0.2.0",
      "tenon-wasi:io/streams@0.2.0",
    ],
    exports: [
      "tenon:adapter/call@0.1.0",
      "tenon:host/credentials@0.1.0",
      "tenon:host/log@0.1.0",
      "tenon:mcp/outbox@0.1.0",
    ],
  });
}

/** `environment.wat`: variables whose names start with `TENON_`, among them the key that seals states. */
export function environment(): Promise<Uint8Array> {
  return watComponent("environment", {
    imports: ["tenon-wasi:cli/environment@0.2.0"],
    exports: ["tenon:adapter/environment@0.1.0", "tenon:adapter/state-key@0.1.0"],
  });
}
