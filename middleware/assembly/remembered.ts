// A few texts that an instance finds again and again, in a place of their own: what a call takes is given back when it ends.
import { ABSENT, isSame, lengthOf, placeOf, textAt, Text } from "./text";

const BYTES: usize = 12_288;
/** Two lengths stand before each key and its value. */
const HEAD: usize = 4;
const MAX_LENGTH: i32 = 1024;

const start: usize = memory.data(12_288, 8);
let end: usize = 0;

/** What was remembered by a key; `ABSENT` where nothing was. */
export function remembered(key: Text): Text {
  for (let at: usize = 0; at < end;) {
    const place = start + at;
    const keyLength = <i32>load<u16>(place);
    const length = <i32>load<u16>(place + 2);
    if (isSame(textAt(place + HEAD, keyLength), key)) return textAt(place + HEAD + keyLength, length);
    at += HEAD + keyLength + length;
  }
  return ABSENT;
}

/** Remembers a value, unless it is long. When there is no more room everything is forgotten. */
export function remember(key: Text, value: Text): void {
  const keyLength = lengthOf(key);
  const length = lengthOf(value);
  if (keyLength > MAX_LENGTH || length > MAX_LENGTH) return;
  const needed = HEAD + keyLength + length;
  if (end + needed > BYTES) end = 0;
  const place = start + end;
  store<u16>(place, <u16>keyLength);
  store<u16>(place + 2, <u16>length);
  memory.copy(place + HEAD, placeOf(key), keyLength);
  memory.copy(place + HEAD + keyLength, placeOf(value), length);
  end += needed;
}
