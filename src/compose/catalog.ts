import { toolParameterHeaders } from "../manifest/index.ts";
import { CATALOG } from "./contract.ts";
import { FIND, StaticMemory } from "./core-text.ts";
import { capabilitiesOf, type Owned, type Routes } from "./routes.ts";
import { generateComponent } from "./wasm-tools.ts";

/**
 * Generates the component that answers `catalog.get` from constants. It is apart from the router, because providers
 * may import the catalog while the router imports providers.
 */
export function generateCatalog(routes: Routes, policyDigest: string): Promise<Uint8Array> {
  const memory = new StaticMemory();
  const server = { name: "", text: serverEntry(routes, policyDigest) };
  const things = <Thing>(owned: readonly Owned<Thing>[], nameOf: (thing: Thing) => string): Entry[] =>
    owned.map(({ manifest, provider }) => ({
      name: nameOf(manifest),
      text: JSON.stringify({
        ...manifest,
        provider: routes.providers[provider],
        digest: routes.digests[provider],
      }),
    }));
  const kinds: [string, Entry[]][] = [
    ["server", [server]],
    ["tool", things(routes.tools, ({ name }) => name)],
    ["resource", things(routes.resources, ({ uri }) => uri)],
    ["resource-template", things(routes.resourceTemplates, ({ uriTemplate }) => uriTemplate)],
    ["prompt", things(routes.prompts, ({ name }) => name)],
  ];
  // option<string>: discriminant, then address and length
  const answer = memory.reserve(12, 4);
  const searches = kinds.map(([kind, entries]) => search(memory, kind, entries)).join("");
  return generateComponent(
    `(module
  ${memory.toText()}
  ${FIND}
  (func (export "${CATALOG}#get") (param $kind i32) (param $kind-length i32) (param $name i32) (param $name-length i32)
    (result i32) (local $row i32)
    ${searches}
    (i32.store (i32.const ${answer}) (i32.ne (local.get $row) (i32.const 0)))
    (if (local.get $row) (then
      (i32.store (i32.const ${answer + 4}) (i32.load offset=8 (local.get $row)))
      (i32.store (i32.const ${answer + 8}) (i32.load offset=12 (local.get $row)))))
    (i32.const ${answer}))
  (func (export "cabi_post_${CATALOG}#get") (param i32) (call $reset)))`,
    { name: "catalog", imports: [], exports: [CATALOG] },
  );
}

/** What a host has to know of the whole server before it can speak for it. */
function serverEntry(routes: Routes, policyDigest: string): string {
  const { instructions: _, ...serverInfo } = routes.server;
  const parameterHeaders = toolParameterHeaders(routes.tools.map(({ manifest }) => manifest));
  return JSON.stringify({
    serverInfo,
    capabilities: capabilitiesOf(routes),
    cacheScope: routes.cache.scope,
    policyDigest,
    ...(Object.keys(parameterHeaders).length > 0 && { parameterHeaders }),
  });
}

interface Entry {
  name: string;
  text: string;
}

/** Instructions that find the row of a thing when it is of that kind. */
function search(memory: StaticMemory, kind: string, entries: readonly Entry[]): string {
  if (entries.length === 0) return "";
  const rows = entries.flatMap(({ name, text }) => {
    const key = memory.text(name);
    const entry = memory.text(text);
    return [key.at, key.length, entry.at, entry.length];
  });
  const { at, length } = memory.text(kind);
  return `
    (if (i32.eq (local.get $kind-length) (i32.const ${length}))
      (then (if (call $equal (local.get $kind) (i32.const ${at}) (i32.const ${length}))
        (then (local.set $row (call $find (i32.const ${memory.words(rows)}) (i32.const ${entries.length})
          (local.get $name) (local.get $name-length)))))))`;
}
