import { dirname, resolve } from "node:path";
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import { stat } from "node:fs/promises";
import { displayPath, ToolkitError } from "../errors/index.ts";
import {
  writeManifest,
  type CapabilityRequest,
  type MiddlewareManifest,
  type ProviderManifest,
} from "../manifest/index.ts";
import { reduceSourceMap, writeSourceMap } from "../source-map/index.ts";
import { packageVersion } from "../package/index.ts";
import { worldSource } from "../wit/index.ts";
import { bundle, externalImports, GENERATED, type Bundle } from "./bundle.ts";
import { bundleWithoutSchemas, exportOf } from "./bundle-without-schemas.ts";
import {
  checkedPlugin,
  convertersPlugin,
  entryPlugin,
  hostPlugin,
  ownCodePlugin,
  zodConversionPlugin,
} from "./bundle-plugins.ts";
import { checksPlugin, checksSource } from "./checks-module.ts";
import { componentize, engineVersion, isReproducible } from "./componentize.ts";
import { asks, entrySource } from "./entry-source.ts";
import { evaluateDefinition, type Definition, type Evaluated } from "./evaluate-definition.ts";
import { capabilitiesOf, CREDENTIALS } from "./host-interfaces.ts";
import { checkAllowed } from "./missing-globals.ts";
import { moduleOrigin } from "./module-origin.ts";
import { loadError } from "./source-error.ts";
import { MARKED_GLOBALS } from "./used-runtime-parts.ts";

/** What {@link buildComponent} takes. */
export interface BuildInput {
  /** Path of a TypeScript or JavaScript module whose default export is a provider or a middleware. */
  entry: string;
  /** Shortens names in the code. Default true; false keeps the function names in logged stacks. */
  minify?: boolean;
  /** Globals that the code may use though components do not have them, since it never comes to that. Default: none. */
  allowMissing?: readonly string[];
}

/** A component, and what there is to know of it. */
export interface BuiltComponent {
  /** The component, with its manifest and its source map. The same sources give the same bytes, wherever they lie. */
  bytes: Uint8Array;
  manifest: ProviderManifest | MiddlewareManifest;
  /** Interfaces of the contract that the code imports, sorted. The engine imports WASI interfaces besides. */
  imports: string[];
  /** Sizes of `bytes`. */
  sizes: { raw: number; gzip: number };
  /** Paths of the source files, relative to the entry's folder. */
  inputs: string[];
  /** What the author should know, such as log lines written while the module was loaded. */
  warnings: string[];
}

const WORLD = "component";

/**
 * Builds a module into a component.
 *
 * @throws ToolkitError `ERR_FILE` when there is no such module.
 * @throws ToolkitError `ERR_BUILD_SOURCE` when it does not compile, uses what components do not have, or fails while it
 * is loaded, with the place.
 * @throws ToolkitError `ERR_USAGE` when `allowMissing` names what no build misses.
 * @throws ToolkitError `ERR_BUILD_DEFINITION` when it defines no component, or one that is not as described.
 * @throws ToolkitError `ERR_BUILD_ENGINE` when the engine refuses it.
 */
export async function buildComponent(input: BuildInput): Promise<BuiltComponent> {
  const entry = resolve(input.entry);
  await checkEntry(entry);
  const { allowMissing = [] } = input;
  checkAllowed(allowMissing);
  const minify = input.minify ?? true;
  const own = bundleOwn(entry, minify);
  // What is wrong with it is told by the evaluation, which knows more of it.
  own.catch(() => {});
  const evaluated = await evaluateDefinition(entry, allowMissing);
  const { definition } = evaluated;
  const bundled = await bundleComponent(entry, evaluated, { own, minify });
  const capabilities = requestedCapabilities(entry, bundled, definition);
  const imports = externalImports(bundled.metafile);
  const wit = worldSource({
    name: WORLD,
    imports,
    exports: [definition.kind === "provider" ? "tenon:mcp/provider@0.1.0" : "tenon:mcp/handler@0.1.0"],
  });
  const component = await componentize({ code: bundled.code, wit, world: WORLD });
  const manifest = {
    ...definition,
    ...(bundled.asking ? { asks: true } : {}),
    capabilities,
    toolchain: { sdk: packageVersion(), engine: engineVersion() },
  } as ProviderManifest | MiddlewareManifest;
  const sourceMap = reduceSourceMap(bundled.sourceMap, bundled.code, (source) =>
    moduleOrigin(source, dirname(entry)),
  );
  const bytes = writeManifest(writeSourceMap(component, sourceMap), manifest);
  return {
    bytes,
    manifest,
    imports,
    sizes: { raw: bytes.length, gzip: (await promisify(gzip)(bytes)).length },
    inputs: [...bundled.inputs],
    warnings: await warningsFor(entry, evaluated),
  };
}

async function warningsFor(entry: string, { earlyLines, readsClock }: Evaluated): Promise<string[]> {
  const name = displayPath(entry);
  const warnings = earlyLines.map(
    (line) => `"${name}" logs while it is loaded, which only the build sees: ${line}`,
  );
  if (readsClock)
    warnings.push(`"${name}" reads the clock while it is loaded, which gives the time of the build`);
  if (!(await isReproducible())) {
    warnings.push(
      "This engine gives other bytes for the same sources each time: its version is not the pinned one",
    );
  }
  return warnings;
}

async function checkEntry(entry: string): Promise<void> {
  const found = await stat(entry).catch(() => undefined);
  if (found?.isFile()) return;
  throw new ToolkitError(
    `Cannot build "${displayPath(entry)}": ${found === undefined ? "there is no such file" : "it is not a file"}`,
    { code: "ERR_FILE" },
  );
}

/** A component's bundle, and what is known of it. */
interface ComponentBundle extends Bundle {
  /** True when its code may ask the client. */
  readonly asking: boolean;
  /** Files that went into it. */
  readonly inputs: readonly string[];
}

/** The author's own code alone, which says what of the runtime it uses. */
function bundleOwn(entry: string, minify: boolean): Promise<Bundle> {
  return bundle({
    entry,
    source: exportOf(entry),
    format: "esm",
    minify,
    plugins: [hostPlugin, ownCodePlugin],
    define: MARKED_GLOBALS,
  });
}

/** Bundles the component's code, with the parts of the runtime that the author's own code uses. */
async function bundleComponent(
  entry: string,
  { definition, checks }: Evaluated,
  { own: bundlingOwn, minify }: { own: Promise<Bundle>; minify: boolean },
): Promise<ComponentBundle> {
  const bundlingBare = bundleWithoutSchemas(entry, checks);
  const compiled = checksSource(checks);
  const [own, bare] = await Promise.all([bundlingOwn, bundlingBare]);
  const asking = asks(definition, own.code);
  const bundled = await bundle({
    entry,
    source: entrySource(entry, definition, own, {
      some: compiled !== undefined,
      withoutZod: bare !== undefined,
    }),
    format: "esm",
    runtime: true,
    minify,
    plugins: [
      hostPlugin,
      checkedPlugin,
      // The schemas of forms are described when the component runs.
      asking ? convertersPlugin(dirname(entry)) : zodConversionPlugin,
      ...(compiled === undefined ? [] : [checksPlugin(compiled)]),
      ...(bare === undefined ? [] : [entryPlugin(entry, bare)]),
    ],
  });
  const inputs = [bundled, ...(bare === undefined ? [] : [bare])].flatMap(({ metafile }) =>
    // Generated modules have names that no path has.
    Object.keys(metafile.inputs).filter((path) => path !== GENERATED && !path.startsWith("tenon-")),
  );
  return { ...bundled, asking, inputs: [...new Set(inputs)].sort() };
}

function requestedCapabilities(entry: string, bundled: Bundle, definition: Definition): CapabilityRequest[] {
  try {
    const lent = definition.kind === "middleware" && definition.authenticates ? [CREDENTIALS] : [];
    return capabilitiesOf([...lent, ...authorImports(bundled)], definition.capabilities);
  } catch (error) {
    throw loadError(entry, (error as Error).message, { code: "ERR_BUILD_DEFINITION" });
  }
}

/** Interfaces that the author's own modules import: what the generated entry imports needs no grant. */
function authorImports({ metafile }: Bundle): string[] {
  const kept = new Set(externalImports(metafile));
  const imports = Object.entries(metafile.inputs)
    .filter(([path]) => path !== GENERATED)
    .flatMap(([, input]) => input.imports.filter((item) => item.external).map((item) => item.path));
  return [...new Set(imports)].filter((name) => kept.has(name)).sort();
}
