// Builds a middleware that is written in AssemblyScript into a component without an engine: `middleware.ts` beside it defines what it
// is, `assembly/index.ts` is what runs. One that has a part with an engine holds that as well.
import { existsSync, readdirSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { parse } from "@bytecodealliance/jco-transpile/wasm-tools";
import { main as runCompiler } from "assemblyscript/asc";
import { engineFreeComponent } from "../dist/src/build/engine-free-component.js";
import { evaluateDefinition } from "../dist/src/build/evaluate-definition.js";
import { capabilitiesOf } from "../dist/src/build/host-interfaces.js";
import { writeManifest } from "../dist/src/manifest/index.js";
import { packageVersion } from "../dist/src/package/index.js";
import { worldSource } from "../dist/src/wit/index.js";
import { engineVersion } from "../dist/src/build/componentize.js";
import { enginePart, withEnginePart } from "./engine-part.mjs";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const LIBRARY = join(ROOT, "middleware", "assembly");
const COMPILER = {
  name: "assemblyscript",
  version: createRequire(import.meta.url)("assemblyscript/package.json").version,
};
const WORLD = "component";
const HANDLER = "tenon:mcp/handler@0.1.0";
/** Exports by their names in the source; all others are the allocator's. */
const EXPORTS = {
  handle: `${HANDLER}#handle`,
  cabi_post: `cabi_post_${HANDLER}#handle`,
  cabi_realloc: "cabi_realloc",
  memory: "memory",
};
const CONTRACT = /^tenon:/;

/** Whether what runs of a middleware with each request has no engine. */
export function isEngineFree(entry) {
  return existsSync(mainModule(entry));
}

function mainModule(entry) {
  return join(dirname(entry), "assembly", "index.ts");
}

/** What `buildComponent` gives, for an entry of which `isEngineFree` is true. */
export async function buildEngineFree({ entry }) {
  const { definition } = await evaluateDefinition(entry);
  const part = enginePart(entry);
  const front = await buildFront(entry, part);
  const { component, imports, inputs } =
    part === undefined ? front : await withEnginePart(front.component, part, definition);
  // Settings are for every middleware that has some.
  const asked = imports.filter((name) => !name.startsWith("tenon:host/config@"));
  const manifest = {
    ...definition,
    capabilities: capabilitiesOf(asked, definition.capabilities),
    toolchain: { sdk: packageVersion(), engine: part === undefined ? COMPILER : engineVersion() },
  };
  const bytes = writeManifest(component, manifest);
  return {
    bytes,
    manifest,
    imports: imports.filter((name) => CONTRACT.test(name)),
    inputs: [entry, ...inputs, ...sourcesOf(dirname(mainModule(entry))), ...sourcesOf(LIBRARY)].map((path) =>
      relative(dirname(entry), path),
    ),
    sizes: { raw: bytes.length, gzip: gzipSync(bytes).length },
    warnings: [],
  };
}

async function buildFront(entry, part) {
  const module = await compile(mainModule(entry));
  const imports = [
    ...new Set(WebAssembly.Module.imports(await WebAssembly.compile(module)).map((item) => item.module)),
  ].sort();
  const world = { name: WORLD, imports, exports: [HANDLER] };
  const witSource = worldSource(world, part === undefined ? [] : [part.wit]);
  const component = await engineFreeComponent({ binary: module, witSource, world: WORLD });
  return { component, imports, inputs: [] };
}

async function compile(main) {
  const path = (file) => relative(ROOT, file);
  let text;
  const { error } = await runCompiler(
    [
      path(main),
      "--textFile",
      "module.wat",
      "--baseDir",
      ROOT,
      "--runtime",
      path(join(LIBRARY, "arena")),
      "--stackSize",
      "0",
      "--use",
      "abort=",
      "-O3",
      "--converge",
    ],
    { writeFile: (_name, contents) => void (text = contents) },
  );
  if (error !== null || text === undefined) {
    throw new Error(`Cannot compile "${path(main)}": ${error?.message ?? "it wrote nothing"}`, {
      cause: error,
    });
  }
  return parse(
    text.replaceAll(/^ \(export "([^"]+)" (.*)\)$/gm, (_line, name, what) =>
      Object.hasOwn(EXPORTS, name) ? ` (export "${EXPORTS[name]}" ${what})` : "",
    ),
  );
}

function sourcesOf(folder) {
  return readdirSync(folder)
    .filter((name) => name.endsWith(".ts"))
    .sort()
    .map((name) => join(folder, name));
}
