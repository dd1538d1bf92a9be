import { sha256 } from "../../assembly/host";
import { Entries, member, stringOf } from "../../assembly/json";
import { ABSENT, byteAt, EMPTY, is, lengthOf, slice, Text } from "../../assembly/text";
import { begin, put, putAscii, putByte, restore, save, written } from "../../assembly/writer";
import { isPlain, putPrintable, putPrintableCharacters } from "./printable";

/** Of 32 hexadecimal digits are 16 bytes. */
const HASH_DIGITS: i32 = 32;

let omitted: Text = ABSENT;
let hashed: Text = ABSENT;
let salt: Text = EMPTY;

/** Reads the setting `redact`, or that there is none. */
export function readRedaction(setting: Text): void {
  omitted = member(setting, "omit");
  hashed = member(setting, "hash");
  const given = stringOf(member(setting, "salt"));
  salt = given == ABSENT ? EMPTY : given;
}

/** Writes a member: the printable text, a hash of that, or nothing. @param name That of the setting. */
export function putRedacted(name: string, key: string, text: Text): void {
  if (text == ABSENT || names(omitted, name)) return;
  putSeparator();
  putAscii('"');
  putAscii(key);
  putAscii('":');
  if (names(hashed, name)) putHash(text);
  else putPrintable(text);
}

/** Between members, and not before the first one of an object. */
function putSeparator(): void {
  const before = written();
  if (byteAt(before, lengthOf(before) - 1) != 0x7b) putByte(0x2c);
}

function names(list: Text, name: string): bool {
  const items = new Entries(list);
  while (items.next()) if (is(stringOf(items.value), name)) return true;
  return false;
}

function putHash(text: Text): void {
  save();
  begin();
  put(salt);
  putByte(0x0a);
  if (isPlain(text)) put(text);
  else putUnescaped(text);
  const digest = sha256(written());
  restore();
  putAscii('"hash:');
  put(slice(digest, 0, HASH_DIGITS));
  putAscii('"');
}

/** What is hashed is the text that would be written, not the JSON of it. */
function putUnescaped(text: Text): void {
  save();
  begin();
  putByte(0x22);
  putPrintableCharacters(text);
  putByte(0x22);
  const json = written();
  restore();
  put(stringOf(json));
}
