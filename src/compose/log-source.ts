import { flatten } from "./canonical-abi.ts";
import { contract, LOG } from "./contract.ts";
import { StaticMemory } from "./core-text.ts";
import { trackOf } from "./interface.ts";
import { functionType } from "./value-type.ts";
import { generateComponent } from "./wasm-tools.ts";

/**
 * Generates the component that sits on one part's `log` import: it writes the part's name into `source`, whatever the
 * part put there, so that no part can log in another's name.
 */
export async function generateLogSource(as: string): Promise<Uint8Array> {
  const { parameters } = functionType(await contract(), trackOf(LOG), "write");
  const entry = parameters[0];
  if (entry?.kind !== "record") throw new Error("the contract has a record here");
  const flat = flatten(entry);
  const source = entry.fields
    .slice(
      0,
      entry.fields.findIndex(({ name }) => name === "source"),
    )
    .flatMap(({ type }) => flatten(type)).length;
  const memory = new StaticMemory();
  const name = memory.text(as);
  // option<string>: discriminant, address, length
  const some = new Map([
    [source, 1],
    [source + 1, name.at],
    [source + 2, name.length],
  ]);
  const passed = flat.map((_, i) => (some.has(i) ? `(i32.const ${some.get(i)})` : `(local.get ${i})`));
  return generateComponent(
    `(module
  (import "${LOG}" "write" (func $write (param ${flat.join(" ")})))
  ${memory.toText()}
  (func (export "${LOG}#write") (param ${flat.join(" ")}) (call $write ${passed.join(" ")}))
  (func (export "cabi_post_${LOG}#write") (call $reset)))`,
    { name: "log-source", imports: [LOG], exports: [LOG] },
  );
}
