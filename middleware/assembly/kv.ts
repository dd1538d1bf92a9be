// `tenon:host/kv`. There are no exceptions: after each operation `code` says whether it failed.
import { ABSENT, ascii, EMPTY, lengthOf, placeOf, stringAt, Text } from "./text";
import { begin, putAscii, putInteger, written } from "./writer";

// @ts-ignore: a decorator of AssemblyScript
@external("tenon:host/kv@0.1.0", "get-features")
declare function callFeatures(result: usize): void;
// @ts-ignore: a decorator of AssemblyScript
@external("tenon:host/kv@0.1.0", "get")
declare function callGet(key: usize, keyLength: i32, result: usize): void;
// @ts-ignore: a decorator of AssemblyScript
@external("tenon:host/kv@0.1.0", "set")
declare function callSet(
  key: usize,
  keyLength: i32,
  value: usize,
  valueLength: i32,
  hasTtl: i32,
  ttlSeconds: u32,
  result: usize,
): void;
// @ts-ignore: a decorator of AssemblyScript
@external("tenon:host/kv@0.1.0", "swap")
declare function callSwap(
  key: usize,
  keyLength: i32,
  hasVersion: i32,
  version: usize,
  versionLength: i32,
  value: usize,
  valueLength: i32,
  hasTtl: i32,
  ttlSeconds: u32,
  result: usize,
): void;

const ENTRY_RESULT_BYTES: i32 = 24;
const RESULT_BYTES: i32 = 16;
const MAX_TTL_SECONDS: f64 = 4_294_967_295;

/** The cases of `error`, in their order. */
const CODES: StaticArray<string> = ["denied", "unsupported", "too-large", "invalid", "unavailable"];

/** Why the last operation failed; `ABSENT` when it did not. */
export let code: Text = ABSENT;
/** What the store says of that. */
export let reason: Text = EMPTY;
/** The state of the entry that was got last; `ABSENT` where there was none. */
export let version: Text = ABSENT;

/** What the store can do. */
export let swaps: bool = false;
export let isPersistent: bool = false;

/** Asks what the store can do. */
export function readFeatures(): void {
  const result = __alloc(4);
  callFeatures(result);
  swaps = load<u8>(result) != 0;
  isPersistent = load<u8>(result + 1) != 0;
}

/** The value of a key, and its `version`; `ABSENT` where there is none, or the operation failed. */
export function get(key: Text): Text {
  const result = __alloc(ENTRY_RESULT_BYTES);
  callGet(placeOf(key), lengthOf(key), result);
  const isThere = succeeded(result) && load<u8>(result + 4) != 0;
  version = isThere ? stringAt(result + 16) : ABSENT;
  return isThere ? stringAt(result + 8) : ABSENT;
}

/** Writes a key whatever it holds. */
export function set(key: Text, value: Text, ttlSeconds: f64): void {
  if (!isTtl(ttlSeconds)) return;
  const result = __alloc(RESULT_BYTES);
  callSet(placeOf(key), lengthOf(key), placeOf(value), lengthOf(value), 1, <u32>ttlSeconds, result);
  succeeded(result);
}

/** Writes a key that is in this state, or is absent where the state is. True when it was written. */
export function swap(key: Text, expected: Text, value: Text, ttlSeconds: f64): bool {
  if (!isTtl(ttlSeconds)) return false;
  const result = __alloc(RESULT_BYTES);
  callSwap(
    placeOf(key),
    lengthOf(key),
    i32(expected != ABSENT),
    placeOf(expected),
    lengthOf(expected),
    placeOf(value),
    lengthOf(value),
    1,
    <u32>ttlSeconds,
    result,
  );
  return succeeded(result) && load<u8>(result + 4) != 0;
}

/** Values that are to live longer than the contract can say are not written: the SDK refuses them in these words. */
function isTtl(seconds: f64): bool {
  if (seconds <= MAX_TTL_SECONDS) return true;
  code = ascii("invalid");
  begin();
  putAscii("ttlSeconds ");
  putInteger(<i64>seconds);
  putAscii(" is not a whole number of at least 1");
  reason = written();
  return false;
}

function succeeded(result: usize): bool {
  if (load<u8>(result) == 0) {
    code = ABSENT;
    return true;
  }
  code = ascii(CODES[load<u8>(result + 4)]);
  reason = stringAt(result + 8);
  return false;
}
