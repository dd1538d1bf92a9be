// What a middleware imports besides the rest of the chain.
import { ABSENT, lengthOf, optionalAt, placeOf, stringAt, Text } from "./text";

// @ts-ignore: a decorator of AssemblyScript
@external("tenon:mcp/audit@0.1.0", "take")
declare function callTake(result: usize): void;
// @ts-ignore: a decorator of AssemblyScript
@external("tenon:mcp/audit@0.1.0", "record")
declare function callRecord(facts: usize, length: i32): void;
// @ts-ignore: a decorator of AssemblyScript
@external("tenon:mcp/catalog@0.1.0", "get")
declare function callGet(kind: usize, kindLength: i32, name: usize, nameLength: i32, result: usize): void;
// @ts-ignore: a decorator of AssemblyScript
@external("tenon:host/credentials@0.1.0", "authorization")
declare function callAuthorization(result: usize): void;
// @ts-ignore: a decorator of AssemblyScript
@external("tenon:host/config@0.1.0", "settings")
declare function callSettings(result: usize): void;
// @ts-ignore: a decorator of AssemblyScript
@external("tenon:host/log@0.1.0", "write")
declare function callWrite(
  level: i32,
  hasSource: i32,
  source: usize,
  sourceLength: i32,
  message: usize,
  messageLength: i32,
  hasFields: i32,
  fields: usize,
  fieldsLength: i32,
): void;
// @ts-ignore: a decorator of AssemblyScript
@external("wasi:clocks/wall-clock@0.2.0", "now")
declare function callNow(result: usize): void;
// @ts-ignore: a decorator of AssemblyScript
@external("tenon:mcp/crypto@0.1.0", "sha256-of-text")
declare function callSha256(text: usize, length: i32, result: usize): void;

/** Levels of the log, in the order of `tenon:host/log`. */
export const DEBUG: i32 = 0;
export const INFO: i32 = 1;
export const NOTICE: i32 = 2;
export const WARNING: i32 = 3;
export const ERROR: i32 = 4;

/** What was recorded for the audit log since the last time: an array as JSON. */
export function takeFacts(): Text {
  const result = __alloc(8);
  callTake(result);
  return stringAt(result);
}

/** Records facts about the request in flight: an object as JSON. */
export function recordFacts(facts: Text): void {
  callRecord(placeOf(facts), lengthOf(facts));
}

/** An entry of the catalog as JSON; `ABSENT` where there is no such thing. */
export function entryOf(kind: Text, name: Text): Text {
  const result = __alloc(12);
  callGet(placeOf(kind), lengthOf(kind), placeOf(name), lengthOf(name), result);
  return optionalAt(result);
}

/** The value of the header field `authorization`; `ABSENT` where the request has none. */
export function readAuthorization(): Text {
  const result = __alloc(12);
  callAuthorization(result);
  return optionalAt(result);
}

/** The settings as JSON, which the composer held against their schema. */
export function readSettings(): Text {
  const result = __alloc(8);
  callSettings(result);
  return stringAt(result);
}

/** Writes a line to the log. `fields` is an object as JSON, or `ABSENT`. */
export function writeLog(level: i32, message: Text, fields: Text): void {
  callWrite(
    level,
    0,
    0,
    0,
    placeOf(message),
    lengthOf(message),
    i32(fields != ABSENT),
    placeOf(fields),
    lengthOf(fields),
  );
}

/** Milliseconds since 1970-01-01T00:00:00Z. */
export function now(): i64 {
  const result = __alloc(16);
  callNow(result);
  return load<i64>(result) * 1000 + load<u32>(result + 8) / 1_000_000;
}

/** The SHA-256 of a text, as hexadecimal digits in lower case. */
export function sha256(text: Text): Text {
  const result = __alloc(8);
  callSha256(placeOf(text), lengthOf(text), result);
  return stringAt(result);
}
