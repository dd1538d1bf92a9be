import { readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { buildComponent } from "../../../src/build/index.ts";
import type { BundleInput } from "../../../src/bundle/index.ts";
import { startRuntime, type RuntimeProcess } from "../../fixtures/runtime-process.ts";
import { bundleFile } from "../bundle-file.ts";

/** A server on Viceroy. */
export interface FastlyServer extends RuntimeProcess {
  /** The MCP endpoint. */
  url: string;
}

/** How a core is served. */
export interface FastlyOptions extends Omit<BundleInput, "core" | "host"> {
  /** Variables of Viceroy, from which `fastly.toml` takes secrets. */
  env?: Record<string, string>;
  /** Changes `fastly.toml` as whoever runs the server would. */
  edit?: (toml: string) => string;
}

/** Bundles a core for Fastly and serves it with Viceroy and the `fastly.toml` of the bundle. */
export async function serveOnFastly(
  viceroy: string,
  core: Uint8Array,
  { env, edit = (toml) => toml, ...options }: FastlyOptions = {},
): Promise<FastlyServer> {
  const file = await bundleFile(core, "fastly", options);
  const manifest = file.beside("fastly.toml");
  await writeFile(manifest, edit(await readFile(manifest, "utf8")));
  const args = ["serve", "-v", "--addr", "127.0.0.1:0", "-C", manifest, file.path];
  const server = await startRuntime(viceroy, args, env);
  return {
    ...server,
    url: `${server.origin}/mcp`,
    stop: async () => {
      await server.stop();
      await file.remove();
    },
  };
}

/** A component of `test/fixtures/components`. */
export async function fixture(name: string): Promise<Uint8Array> {
  const entry = fileURLToPath(new URL(`../../fixtures/components/${name}.ts`, import.meta.url));
  return (await buildComponent({ entry })).bytes;
}

/** A component of this repository; `npm run build` makes it. */
export async function ready(name: string): Promise<Uint8Array> {
  return new Uint8Array(await readFile(new URL(`../../../dist/components/${name}.wasm`, import.meta.url)));
}
