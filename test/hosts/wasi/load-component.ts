import { transpileBytes } from "@bytecodealliance/jco-transpile";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { wasm } from "../../fixtures/run-component.ts";

/** Makes a component ready to be instantiated in this process, any number of times, with what it imports. */
export async function loadComponent(bytes: Uint8Array): Promise<(imports: object) => object> {
  const options = { name: "loaded", instantiation: "sync", emitTypescriptDeclarations: false } as const;
  const { files } = await transpileBytes(bytes, { ...options, base64Cutoff: 0 });
  const parts = new Map<string, Uint8Array>(Array.isArray(files) ? files : Object.entries(files));
  const folder = await mkdtemp(join(tmpdir(), "tenon-loaded-"));
  await writeFile(join(folder, "loaded.mjs"), parts.get("loaded.js")!);
  const module = (await import(/* @vite-ignore */ join(folder, "loaded.mjs"))) as {
    instantiate: (compile: (path: string) => object, imports: object) => object;
  };
  await rm(folder, { recursive: true });
  return (imports) => module.instantiate((name) => new wasm.Module(parts.get(name)!), imports);
}
