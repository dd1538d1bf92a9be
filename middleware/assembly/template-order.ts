// Which templates a URI may be read by.
import { giveBackTo, taken } from "./arena";
import { Entries, stringOf } from "./json";
import { ABSENT, byteAt, isSame, lengthOf, slice, Text, unitsOf } from "./text";
import { isExpansion } from "./uri-template";

/** Longest URI that is held against templates. */
const MAX_URI: i32 = 8192;

/** The first template by which the router of a composition picks a provider, which looks at the text between expressions alone. */
export let routed: Text = ABSENT;
/** The first that the URI is an expansion of, which a provider picks; `ABSENT` where that is the same. */
export let expanded: Text = ABSENT;

/** Finds both. @param templates A list of strings, in the order they are tried in. */
export function matchTemplates(uri: Text, templates: Text): void {
  routed = expanded = ABSENT;
  if (unitsOf(uri) > MAX_URI) return;
  const items = new Entries(templates);
  while (routed == ABSENT && items.next()) {
    const template = stringOf(items.value);
    if (fits(uri, template)) routed = template;
  }
  if (routed == ABSENT) return;
  const others = new Entries(templates);
  while (expanded == ABSENT && others.next()) {
    const template = stringOf(others.value);
    const before = taken();
    if (isExpansion(uri, template)) expanded = template;
    giveBackTo(before);
  }
  if (expanded != ABSENT && isSame(expanded, routed)) expanded = ABSENT;
}

/** Whether the fixed texts of a template stand in a URI in their order, with a byte between each two where one must. */
function fits(uri: Text, template: Text): bool {
  let open = expressionIn(template, 0);
  const literal = slice(template, 0, open < 0 ? lengthOf(template) : open);
  if (lengthOf(literal) > lengthOf(uri) || !isSame(slice(uri, 0, lengthOf(literal)), literal)) return false;
  let at = lengthOf(literal);
  while (open >= 0) {
    const from = at + (mayBeEmpty(byteAt(template, open + 1)) ? 0 : 1);
    const begin = closeOf(template, open) + 1;
    open = expressionIn(template, begin);
    const piece = slice(template, begin, open < 0 ? lengthOf(template) : open);
    const found = open < 0 ? endingAt(uri, piece) : placeIn(uri, piece, from);
    if (found < from) return false;
    at = found + lengthOf(piece);
  }
  return at == lengthOf(uri);
}

/** Where the next expression opens: a brace with another that closes it before the next that opens; -1 where none does. */
function expressionIn(template: Text, from: i32): i32 {
  let open = -1;
  for (let at = from; at < lengthOf(template); at++) {
    const byte = byteAt(template, at);
    if (byte == 0x7b) open = at;
    else if (byte == 0x7d && open >= 0) return open;
  }
  return -1;
}

function closeOf(template: Text, open: i32): i32 {
  let at = open;
  while (byteAt(template, at) != 0x7d) at++;
  return at;
}

/** Whether an expression that begins with that operator may stand for nothing. */
function mayBeEmpty(operator: i32): bool {
  switch (operator) {
    case 0x23:
    case 0x2e:
    case 0x2f:
    case 0x3b:
    case 0x3f:
    case 0x26:
      return true;
    default:
      return false;
  }
}

/** Where the URI ends with a piece; -1 where it does not. */
function endingAt(uri: Text, piece: Text): i32 {
  const at = lengthOf(uri) - lengthOf(piece);
  return at >= 0 && isSame(slice(uri, at, lengthOf(uri)), piece) ? at : -1;
}

function placeIn(uri: Text, piece: Text, from: i32): i32 {
  const length = lengthOf(piece);
  for (let at = from; at + length <= lengthOf(uri); at++) {
    if (isSame(slice(uri, at, at + length), piece)) return at;
  }
  return -1;
}
