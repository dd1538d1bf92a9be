const WIT = `package tenon:generated;

world none { export tenon:adapter/state-key@0.1.0; }

package tenon:adapter@0.1.0 { interface state-key { get: func() -> option<string>; } }
`;

/** Generates the component without an engine that tells the adapter that it has no key. */
export async function noStateKeyComponent(): Promise<Uint8Array> {
  const { parse, componentEmbed, componentNew } = await import("@bytecodealliance/jco-transpile/wasm-tools");
  // The answer lies at 8: memory that was never written is an absent option.
  const binary = await parse(`(module
  (memory (export "memory") 1)
  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) unreachable)
  (func (export "tenon:adapter/state-key@0.1.0#get") (result i32) (i32.const 8)))`);
  return componentNew(await componentEmbed({ binary, witSource: WIT, world: "none" }), []);
}
