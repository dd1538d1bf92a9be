import { RANDOM } from "./contract.ts";
import { StaticMemory } from "./core-text.ts";
import { trackOf } from "./interface.ts";
import type { LinkedPart } from "./link.ts";
import { generateComponent } from "./wasm-tools.ts";

const INSECURE = "wasi:random/insecure@0.2.0";
const INSECURE_SEED = "wasi:random/insecure-seed@0.2.0";

/** The export of the part {@link randomPart} that answers an import; nothing when it is none of its interfaces. */
export function randomExport(name: string): string | undefined {
  return [INSECURE, INSECURE_SEED].find((offered) => trackOf(offered) === trackOf(name));
}

/**
 * A component without an engine that answers `wasi:random/insecure` and `insecure-seed` from `wasi:random/random`, which
 * every host has: `wasi:http/proxy` does not include the other two.
 */
export async function randomPart(id: string): Promise<LinkedPart> {
  const memory = new StaticMemory();
  const bytes = memory.reserve(8); // list<u8>: address, length
  const seed = memory.reserve(16); // tuple<u64, u64>
  const component = await generateComponent(
    `(module
  (import "${RANDOM}" "get-random-bytes" (func $get-random-bytes (param i64 i32)))
  (import "${RANDOM}" "get-random-u64" (func $get-random-u64 (result i64)))
  ${memory.toText()}
  (func (export "${INSECURE}#get-insecure-random-bytes") (param $length i64) (result i32)
    (call $get-random-bytes (local.get $length) (i32.const ${bytes}))
    (i32.const ${bytes}))
  (func (export "cabi_post_${INSECURE}#get-insecure-random-bytes") (param i32) (call $reset))
  (func (export "${INSECURE}#get-insecure-random-u64") (result i64) (call $get-random-u64))
  (func (export "${INSECURE_SEED}#insecure-seed") (result i32)
    (i64.store (i32.const ${seed}) (call $get-random-u64))
    (i64.store offset=8 (i32.const ${seed}) (call $get-random-u64))
    (i32.const ${seed})))`,
    { name: "random", imports: [RANDOM], exports: [INSECURE, INSECURE_SEED] },
  );
  return { id, bytes: component, imports: new Map([[RANDOM, { from: "host", track: trackOf(RANDOM) }]]) };
}
