import { CATALOG } from "./contract.ts";
import { FIND, StaticMemory } from "./core-text.ts";
import { discovery, type Routes } from "./router.ts";
import { generateComponent } from "./wasm-tools.ts";

/**
 * Generates the component that answers `catalog.get` from constants. It is apart from the router, because providers
 * may import the catalog while the router imports providers.
 *
 * @param providers Their names, by number.
 */
export function generateCatalog(routes: Routes, providers: readonly string[]): Promise<Uint8Array> {
  const memory = new StaticMemory();
  const rows = memory.words(
    routes.tools.flatMap(({ manifest, provider }) => {
      const name = memory.text(manifest.name);
      const entry = memory.text(JSON.stringify({ ...manifest, provider: providers[provider] }));
      return [name.at, name.length, entry.at, entry.length];
    }),
  );
  const server = memory.text(discovery(routes));
  const serverRow = memory.words([0, 0, server.at, server.length]);
  // option<string>: discriminant, then address and length
  const answer = memory.reserve(12, 4);
  const whenKind = (kind: string, body: string): string => {
    const { at, length } = memory.text(kind);
    return `
    (if (i32.eq (local.get $kind-length) (i32.const ${length}))
      (then (if (call $equal (local.get $kind) (i32.const ${at}) (i32.const ${length})) (then ${body}))))`;
  };
  const kinds =
    whenKind(
      "tool",
      `(local.set $row (call $find (i32.const ${rows}) (i32.const ${routes.tools.length}) (local.get $name) (local.get $name-length)))`,
    ) +
    whenKind(
      "server",
      `(if (i32.eqz (local.get $name-length)) (then (local.set $row (i32.const ${serverRow}))))`,
    );
  return generateComponent(
    `(module
  ${memory.toText()}
  ${FIND}
  (func (export "${CATALOG}#get") (param $kind i32) (param $kind-length i32) (param $name i32) (param $name-length i32)
    (result i32) (local $row i32)
    ${kinds}
    (i32.store (i32.const ${answer}) (i32.ne (local.get $row) (i32.const 0)))
    (if (local.get $row) (then
      (i32.store (i32.const ${answer + 4}) (i32.load offset=8 (local.get $row)))
      (i32.store (i32.const ${answer + 8}) (i32.load offset=12 (local.get $row)))))
    (i32.const ${answer}))
  (func (export "cabi_post_${CATALOG}#get") (param i32) (call $reset)))`,
    { name: "catalog", imports: [], exports: [CATALOG] },
  );
}
