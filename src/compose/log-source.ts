import { flatten } from "./canonical-abi.ts";
import { contract, LOG } from "./contract.ts";
import { FIND, StaticMemory } from "./core-text.ts";
import { fusedName } from "./fused.ts";
import { flatField } from "./gate-text.ts";
import { trackOf } from "./interface.ts";
import { functionType } from "./value-type.ts";
import { generateComponent } from "./wasm-tools.ts";

/** Room for the longest name of a part; in the place of a name it holds what no name does. */
const MAX_NAME = 64;
const BLANK = "?".repeat(MAX_NAME);

/**
 * The component that sits on one part's `log` import: it writes the part's name into `source`, whatever the part put
 * there, so that no part can log in another's name. Parts that are fused name themselves, and what is none of their names is
 * replaced by that of the whole. For one name it is generated with room for any, so that all of them come from one text.
 *
 * @param names Of the part, or of several that are fused: each at most 64 characters of ASCII.
 */
export async function generateLogSource(names: readonly string[]): Promise<Uint8Array> {
  const [as] = names;
  return names.length === 1 ? generateForOne(as!) : generateForSeveral(names);
}

async function generateForOne(as: string): Promise<Uint8Array> {
  const bytes = Buffer.from(await generateBlank());
  const at = bytes.indexOf(BLANK);
  bytes.writeUInt32LE(as.length, at - 4);
  bytes.fill(0, at, at + MAX_NAME);
  bytes.write(as, at, "latin1");
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
}

async function generateBlank(): Promise<Uint8Array> {
  const memory = new StaticMemory();
  // One run of bytes: the length, then the name.
  const { at } = memory.text(`\0\0\0\0${BLANK}`);
  return generate(memory, (write) => write(`(i32.const ${at + 4})`, `(i32.load (i32.const ${at}))`));
}

async function generateForSeveral(names: readonly string[]): Promise<Uint8Array> {
  const memory = new StaticMemory();
  const whole = memory.text(fusedName(names));
  const texts = names.map((name) => memory.text(name));
  const rows = memory.words(texts.flatMap(({ at, length }) => [at, length, 0, 0]));
  return generate(
    memory,
    (write, [isNamed, at, length]) => `
    (if ${isNamed} (then
      (if (call $find (i32.const ${rows}) (i32.const ${names.length}) ${at} ${length})
        (then ${write(at!, length!)} (return)))))
    ${write(`(i32.const ${whole.at})`, `(i32.const ${whole.length})`)}`,
    FIND,
  );
}

/**
 * @param body The text of the function; `write` gives that of a call with a source, and `given` are the three parts of the one
 * that came: whether there is one, its address and its length.
 * @param functions Text of what the body calls.
 */
async function generate(
  memory: StaticMemory,
  body: (write: (at: string, length: string) => string, given: readonly string[]) => string,
  functions = "",
): Promise<Uint8Array> {
  const { parameters } = functionType(await contract(), trackOf(LOG), "write");
  const entry = parameters[0];
  if (entry?.kind !== "record") throw new Error("the contract has a record here");
  const flat = flatten(entry);
  const source = flatField(entry, "source");
  const given = flat.map((_, i) => `(local.get ${i})`);
  const write = (at: string, length: string): string =>
    `(call $write ${given
      .with(source, "(i32.const 1)")
      .with(source + 1, at)
      .with(source + 2, length)
      .join(" ")})`;
  const text = body(write, given.slice(source, source + 3));
  return generateComponent(
    `(module
  (import "${LOG}" "write" (func $write (param ${flat.join(" ")})))
  ${memory.toText()}
  ${functions}
  (func (export "${LOG}#write") (param ${flat.join(" ")}) ${text})
  (func (export "cabi_post_${LOG}#write") (call $reset)))`,
    { name: "log-source", imports: [LOG], exports: [LOG] },
  );
}
