// What other middleware recorded of a request.
import { Entries, isArray, isObject, isString, parse, stringOf } from "../../assembly/json";
import { ABSENT, byteAt, is, isSame, lengthOf, unitsOf, Text } from "../../assembly/text";
import {
  begin,
  cutTo,
  put,
  putAscii,
  putByte,
  putString,
  restore,
  save,
  written,
  writtenLength,
} from "../../assembly/writer";
import { putEllipsis, putPrintable } from "./printable";

const MAX_FACTS: i32 = 16;
const MAX_MEMBERS: i32 = 16;
const MAX_DEPTH: i32 = 4;
const MAX_FACT_UNITS: i32 = 2048;
const MAX_NAME: i32 = 64;

/** Of the facts, as JSON; `ABSENT` where none was recorded. */
export let principal: Text = ABSENT;
export let decision: Text = ABSENT;
export let reason: Text = ABSENT;

const names = new StaticArray<Text>(MAX_FACTS);
const values = new StaticArray<Text>(MAX_FACTS);
let count: i32 = 0;
let dropped: bool = false;

/** True when some are missing: over a limit, or by a name that the log has for something else. */
export function wereDropped(): bool {
  return dropped;
}

/** Puts together what was recorded: of two facts with one name the later counts, in the place of the first. */
export function mergeFacts(taken: Text): void {
  principal = decision = reason = ABSENT;
  count = 0;
  dropped = false;
  const all = new Entries(parse(taken));
  while (all.next()) {
    // `null` stands for what was over the limit of the host.
    if (!isObject(all.value)) dropped = true;
    const facts = new Entries(all.value);
    while (facts.next()) merge(facts.key, facts.value);
  }
  for (let i = 0; i < count; i++) {
    if (is(names[i], "principal")) principal = values[i];
    else if (is(names[i], "decision")) decision = values[i];
    else if (is(names[i], "reason")) reason = values[i];
  }
}

function merge(name: Text, value: Text): void {
  let place = 0;
  while (place < count && !isSame(names[place], name)) place++;
  if (place == MAX_FACTS || isOwn(name) || !isName(name)) {
    dropped = true;
    return;
  }
  save();
  begin();
  putBounded(value, 1);
  const kept = written();
  restore();
  // No other value is long once it is bounded.
  if ((isObject(value) || isArray(value)) && unitsOf(kept) > MAX_FACT_UNITS) {
    dropped = true;
    return;
  }
  names[place] = name;
  values[place] = kept;
  if (place == count) count++;
}

/** Writes the facts that the log has no place of its own for. */
export function putFacts(): void {
  for (let i = 0; i < count; i++) {
    const name = names[i];
    if (is(name, "principal") || is(name, "decision") || is(name, "reason")) continue;
    putAscii(",");
    putString(name);
    putAscii(":");
    put(values[i]);
  }
}

/** Writes a value that a line can hold: few members, few levels, printable texts. */
function putBounded(value: Text, depth: i32): void {
  if (isString(value)) {
    putPrintable(stringOf(value));
    return;
  }
  const object = isObject(value);
  if (!object && !isArray(value)) {
    put(value);
    return;
  }
  if (depth == MAX_DEPTH) {
    putByte(0x22);
    putEllipsis();
    putByte(0x22);
    return;
  }
  putAscii(object ? "{" : "[");
  const start = writtenLength();
  const entries = new Entries(value);
  for (let i = 0; i < MAX_MEMBERS && entries.next(); i++) {
    if (object) {
      putPrintable(entries.key);
      putAscii(":");
    }
    putBounded(entries.value, depth + 1);
    putAscii(",");
  }
  if (writtenLength() > start) cutTo(writtenLength() - 1);
  putAscii(object ? "}" : "]");
}

/** A letter, then letters, digits, `_` and `-`. */
function isName(name: Text): bool {
  const length = lengthOf(name);
  if (length == 0 || length > MAX_NAME) return false;
  for (let i = 0; i < length; i++) {
    const byte = byteAt(name, i);
    const isLetter = <u32>((byte | 0x20) - 0x61) < 26;
    const isOther = <u32>(byte - 0x30) < 10 || byte == 0x5f || byte == 0x2d;
    if (!isLetter && !(i > 0 && isOther)) return false;
  }
  return true;
}

/** Names that no other middleware can give a fact. */
const OWN: StaticArray<string> = [
  "time",
  "requestId",
  "traceId",
  "parentId",
  "transport",
  "protocolVersion",
  "peer",
  "method",
  "target",
  "provider",
  "component",
  "policy",
  "task",
  "retry",
  "outcome",
  "code",
  "status",
  "durationMs",
  "requestBytes",
  "responseBytes",
  "factsDropped",
];

function isOwn(name: Text): bool {
  for (let i = 0; i < OWN.length; i++) if (is(name, OWN[i])) return true;
  return false;
}
