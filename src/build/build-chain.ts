import { dirname } from "node:path";
import type { MiddlewareManifest } from "../manifest/index.ts";
import { reduceSourceMap, writeSourceMap, type SourceOwner } from "../source-map/index.ts";
import { worldSource } from "../wit/index.ts";
import { bundle, externalImports, type Bundle } from "./bundle.ts";
import { exportOf } from "./bundle-without-schemas.ts";
import { checkedPlugin, compiledRuntimePlugin, hostPlugin, ownCodePlugin } from "./bundle-plugins.ts";
import { componentize, isReproducible } from "./componentize.ts";
import { chainSource, type ChainLink } from "./entry-source.ts";
import { moduleOrigin } from "./module-origin.ts";
import { readyMadeModule } from "./ready-made-modules.ts";
import { MARKED_GLOBALS } from "./used-runtime-parts.ts";

const WORLD = "component";
const MIDDLEWARE_SOURCE = /(?:^|\/)middleware\/[^/]+\/([^/]+\.ts)$/;

/** A ready-made middleware of a chain. */
export interface ReadyMadeLink {
  /** Its name in the composition. */
  as: string;
  /** Of its own component. */
  manifest: MiddlewareManifest;
}

/**
 * Builds ready-made middleware into one component, which serves them as a chain of components would. The same names in the
 * same order give the same bytes, on every machine that has this version of this package; nothing where the engine is
 * another, which gives other bytes each time.
 *
 * @param links At least one, in the order that a request passes them.
 * @throws ToolkitError `ERR_BUILD_ENGINE` when the engine refuses it.
 */
export async function buildChain(links: readonly ReadyMadeLink[]): Promise<Uint8Array | undefined> {
  if (!(await isReproducible())) return undefined;
  const entries = links.map(({ manifest }) => readyMadeModule(manifest.name));
  const own = await Promise.all(entries.map(ownCode));
  const chain = links.map(({ as, manifest }, i): ChainLink => ({
    as,
    entry: entries[i]!,
    definition: manifest,
    code: own[i]!.code,
  }));
  const [first] = entries;
  const bundled = await bundle({
    entry: first!,
    source: chainSource(chain),
    format: "esm",
    runtime: true,
    minify: true,
    plugins: [hostPlugin, checkedPlugin, compiledRuntimePlugin],
  });
  const wit = worldSource({
    name: WORLD,
    imports: externalImports(bundled.metafile),
    exports: ["tenon:mcp/handler@0.1.0"],
  });
  const component = await componentize({ code: bundled.code, wit, world: WORLD });
  return writeSourceMap(component, chainSourceMap(bundled, dirname(first!)));
}

function ownCode(entry: string): Promise<Bundle> {
  return bundle({
    entry,
    source: exportOf(entry),
    format: "esm",
    minify: true,
    plugins: [hostPlugin, ownCodePlugin],
    define: MARKED_GLOBALS,
  });
}

/** Sources of middleware are named as in its own component; what else was compiled of this package is the toolkit's. */
function chainSourceMap({ sourceMap, code }: Bundle, folder: string): string {
  const map = JSON.parse(sourceMap) as { sources: string[] };
  const owners = new Map<string, SourceOwner>();
  map.sources = map.sources.map((source) => {
    const own = MIDDLEWARE_SOURCE.exec(source)?.[1];
    const owner = moduleOrigin(source, folder);
    owners.set(own ?? source, own !== undefined ? "author" : owner === "author" ? "toolkit" : owner);
    return own ?? source;
  });
  return reduceSourceMap(JSON.stringify(map), code, (source) => owners.get(source)!);
}
