// Builds the part with an engine of a middleware that has none otherwise, and puts both into one component. The part is a module
// beside a WIT file of the same name, which has the one function between the two: `(ctx: context, text: string) -> outcome`.
// What the module exports as its default is given the text and the context of a middleware; what comes of it is a success, as JSON.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { bundle, externalImports, GENERATED } from "../dist/src/build/bundle.js";
import { checkedPlugin, hostPlugin, ownCodePlugin } from "../dist/src/build/bundle-plugins.js";
import { exportOf } from "../dist/src/build/bundle-without-schemas.js";
import { componentize } from "../dist/src/build/componentize.js";
import { ALWAYS_THERE } from "../dist/src/build/guest-globals.js";
import { moduleOrigin } from "../dist/src/build/module-origin.js";
import { MARKED_GLOBALS, runtimePartsOf, usedGlobals } from "../dist/src/build/used-runtime-parts.js";
import { HANDLER } from "../dist/src/compose/contract.js";
import { decodeComponent } from "../dist/src/compose/decode-component.js";
import { functionsOf, trackOf } from "../dist/src/compose/interface.js";
import { link } from "../dist/src/compose/link.js";
import { reduceSourceMap, writeSourceMap } from "../dist/src/source-map/index.js";
import { worldSource } from "../dist/src/wit/index.js";

const WORLD = "component";
/** What the halves are called inside the component. */
const [FRONT, BEHIND] = ["front", "engine"];

/** The part of a middleware that has an engine; nothing where there is none. */
export function enginePart(entry) {
  const folder = dirname(entry);
  const [file] = readdirSync(folder).filter((name) => name.endsWith(".wit"));
  if (file === undefined) return undefined;
  const path = join(folder, file);
  const module = path.replace(/\.wit$/, ".ts");
  const text = readFileSync(path, "utf8");
  const [, name, version] = /^package ([a-z:-]+)@([0-9.]+);$/m.exec(text) ?? [];
  const [, interfaceName] = /^interface ([a-z-]+) \{$/m.exec(text) ?? [];
  const [, functionName] =
    /^ {4}([a-z]+): func\(ctx: context, [a-z]+: string\) -> outcome;$/m.exec(text) ?? [];
  if (functionName === undefined || !existsSync(module)) {
    throw new Error(`"${path}" is not what a part with an engine is described by`);
  }
  return {
    path,
    module,
    interfaceName: `${name}/${interfaceName}@${version}`,
    exported: interfaceName,
    functionName,
    // As a package among others.
    wit: `${text.replace(/^(package [^;]+);\n/, "$1 {\n")}}\n`,
  };
}

/**
 * The whole of both halves.
 *
 * @param front The component without an engine, which imports the interface of the part.
 */
export async function withEnginePart(front, part, definition) {
  const { component, inputs, sourceMap } = await buildPart(part, definition);
  const halves = { [BEHIND]: component, [FRONT]: front };
  /** @type {import("../dist/src/compose/interface.js").Interfaces} */
  const host = new Map();
  const linked = [];
  for (const [id, bytes] of Object.entries(halves)) {
    const { imports } = await decodeComponent(bytes);
    const sources = new Map();
    for (const [name, { entries }] of imports) {
      if (name === part.interfaceName) {
        sources.set(name, { from: "part", part: BEHIND, export: name });
        continue;
      }
      const track = trackOf(name);
      host.set(track, { name, entries: new Map([...(host.get(track)?.entries ?? []), ...entries]) });
      sources.set(name, { from: "host", track });
    }
    linked.push({ id, bytes, imports: sources });
  }
  const exports = [{ name: HANDLER, part: FRONT, export: HANDLER }];
  const { bytes } = await link({ host, parts: linked, exports });
  return {
    component: writeSourceMap(bytes, sourceMap),
    imports: [...host.values()].flatMap((of) => (functionsOf(of).length > 0 ? [of.name] : [])).sort(),
    inputs: [part.path, ...inputs],
  };
}

async function buildPart({ module, interfaceName, exported, functionName, wit }, definition) {
  const folder = dirname(module);
  const common = { entry: module, format: "esm", minify: true };
  const own = await bundle({
    ...common,
    source: exportOf(module),
    plugins: [hostPlugin, ownCodePlugin],
    define: MARKED_GLOBALS,
  });
  const services = definition.capabilities.map((capability) => capability.interface.split("/")[1]);
  const source = [
    ...[ALWAYS_THERE, ...runtimePartsOf(usedGlobals(own.code))].map(
      (each) => `import "tenon-guest/${each}";`,
    ),
    ...services.map((name) => `import { ${name} } from "tenon-guest/services/${name}";`),
    'import { settings } from "tenon:host/config@0.1.0";',
    'import { serveMiddleware } from "tenon-guest/serve-middleware";',
    `import answer from ${JSON.stringify(module)};`,
    "const handle = async ({ target }, _next, ctx) =>",
    '  ({ tag: "success", val: JSON.stringify(await answer(target, ctx)) });',
    `const served = serveMiddleware({ name: ${JSON.stringify(definition.name)}, handle },`,
    `  { services: { ${services.join(", ")} }, settings });`,
    `export const ${exported} = { ${functionName}: (context, target) =>`,
    `  served.handle(context, { method: ${JSON.stringify(functionName)}, target }) };`,
  ].join("\n");
  const bundled = await bundle({ ...common, source, runtime: true, plugins: [hostPlugin, checkedPlugin] });
  const world = { name: WORLD, imports: externalImports(bundled.metafile), exports: [interfaceName] };
  const component = await componentize({
    code: bundled.code,
    wit: worldSource(world, [wit]),
    world: WORLD,
  });
  return {
    component,
    inputs: Object.keys(bundled.metafile.inputs)
      .filter((path) => path !== GENERATED && !path.startsWith("tenon-"))
      .map((path) => join(folder, path)),
    sourceMap: reduceSourceMap(bundled.sourceMap, bundled.code, (from) => moduleOrigin(from, folder)),
  };
}
