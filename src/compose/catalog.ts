import { canonicalJson, toolParameterHeaders, type Json } from "../manifest/index.ts";
import type { Rule } from "./compile-rule.ts";
import { CATALOG } from "./contract.ts";
import { FIND, StaticMemory } from "./core-text.ts";
import { policyMembers, type Policy } from "./policy.ts";
import { capabilitiesOf, type Owned, type Routes } from "./routes.ts";
import { generateComponent } from "./wasm-tools.ts";

/** Everything that is known of a composition, by kinds. */
export function catalogEntries(routes: Routes, policy: Policy): ReadonlyMap<string, readonly Entry[]> {
  const things = <Thing>(
    owned: readonly Owned<Thing>[],
    nameOf: (thing: Thing) => string,
    ruleOf: (name: string) => Rule | undefined = () => undefined,
  ): Entry[] =>
    owned.map(({ manifest, provider }) => ({
      name: nameOf(manifest),
      text: JSON.stringify({
        ...manifest,
        rule: ruleOf(nameOf(manifest)),
        provider: routes.providers[provider],
        digest: routes.digests[provider],
      }),
    }));
  return new Map([
    ["server", [{ name: "", text: serverEntry(routes, policy) }]],
    [
      "tool",
      things(
        routes.tools,
        ({ name }) => name,
        (name) => policy.rules.get(name),
      ),
    ],
    ["resource", things(routes.resources, ({ uri }) => uri)],
    ["resource-template", things(routes.resourceTemplates, ({ uriTemplate }) => uriTemplate)],
    ["prompt", things(routes.prompts, ({ name }) => name)],
  ]);
}

/**
 * Generates the component that answers `catalog.get` from constants. It is apart from the router, because providers
 * may import the catalog while the router imports providers.
 */
export function generateCatalog(routes: Routes, policy: Policy): Promise<Uint8Array> {
  const memory = new StaticMemory();
  // option<string>: discriminant, then address and length
  const answer = memory.reserve(12, 4);
  const searches = [...catalogEntries(routes, policy)]
    .map(([kind, entries]) => search(memory, kind, entries))
    .join("");
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
function serverEntry(routes: Routes, policy: Policy): string {
  const { instructions: _, ...serverInfo } = routes.server;
  const parameterHeaders = toolParameterHeaders(routes.tools.map(({ manifest }) => manifest));
  // Members come from a tenon.json in their author's order, and from a manifest in another.
  return canonicalJson({
    serverInfo,
    capabilities: capabilitiesOf(routes),
    cacheScope: routes.cache.scope,
    policyDigest: policy.digest,
    ...(Object.keys(parameterHeaders).length > 0 && { parameterHeaders }),
    ...policyMembers(policy, routes),
  } as object as Json);
}

/** One thing, as JSON. */
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
