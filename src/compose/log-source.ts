import { flatten } from "./canonical-abi.ts";
import { contract, LOG } from "./contract.ts";
import { StaticMemory } from "./core-text.ts";
import { trackOf } from "./interface.ts";
import { functionType } from "./value-type.ts";
import { generateComponent } from "./wasm-tools.ts";

/** Room for the longest name of a part; in the place of a name it holds what no name does. */
const MAX_NAME = 64;
const BLANK = "?".repeat(MAX_NAME);

/**
 * The component that sits on one part's `log` import: it writes the part's name into `source`, whatever the part put
 * there, so that no part can log in another's name. It is generated with room for a name, so that all of them come from
 * one text.
 *
 * @param as At most 64 characters of ASCII.
 */
export async function generateLogSource(as: string): Promise<Uint8Array> {
  const bytes = Buffer.from(await generateBlank());
  const at = bytes.indexOf(BLANK);
  bytes.writeUInt32LE(as.length, at - 4);
  bytes.fill(0, at, at + MAX_NAME);
  bytes.write(as, at, "latin1");
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
}

async function generateBlank(): Promise<Uint8Array> {
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
  // One run of bytes: the length, then the name.
  const { at } = memory.text(`\0\0\0\0${BLANK}`);
  // option<string>: discriminant, address, length
  const some = new Map([
    [source, "(i32.const 1)"],
    [source + 1, `(i32.const ${at + 4})`],
    [source + 2, `(i32.load (i32.const ${at}))`],
  ]);
  const passed = flat.map((_, i) => some.get(i) ?? `(local.get ${i})`);
  return generateComponent(
    `(module
  (import "${LOG}" "write" (func $write (param ${flat.join(" ")})))
  ${memory.toText()}
  (func (export "${LOG}#write") (param ${flat.join(" ")}) (call $write ${passed.join(" ")}))
  (func (export "cabi_post_${LOG}#write") (call $reset)))`,
    { name: "log-source", imports: [LOG], exports: [LOG] },
  );
}
