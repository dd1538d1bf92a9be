// Whether a rule of `tenon.json` is fulfilled, as the composer compiled it: an expression of CEL as JSON.
import { charactersOf, compareStrings, stringContains, stringEndsWith, stringStartsWith } from "./code-units";
import { Entries, isArray, isObject, isString, member, stringOf } from "./json";
import { numberOf } from "./number";
import { ABSENT, is, lengthOf, placeOf, textAt, Text } from "./text";
import {
  haveSameType,
  hasItem,
  isBoolean,
  isEqual,
  isNull,
  isNumber,
  itemOf,
  itemsIn,
  memberNamed,
  membersIn,
} from "./value";
import { begin, put, putAscii, putInteger, restore, save, written } from "./writer";

/** A JSON value, or one of those below. */
type Result = Text;

/** There is no value: a member is not there, or an operand has the wrong type. */
const FAILED: Result = ABSENT;
/** The value depends on arguments that are not known. The bits below say what it may come to as a condition. */
const OPEN: Result = 0xffff_ffff_0000_0000;
/** Any value at all, or none. */
const ANYTHING: Result = OPEN | 0xf;

/** What a condition may come to: true, false, or no value. */
type Ends = i32;
const HOLD: Ends = 1;
const NOT: Ends = 2;
const FAIL: Ends = 4;
const EVERY_END: Ends = 7;

const TRUE: Text = textAt(memory.data<u8>([0x74, 0x72, 0x75, 0x65]), 4);
const FALSE: Text = textAt(memory.data<u8>([0x66, 0x61, 0x6c, 0x73, 0x65]), 5);

let principal: Text = ABSENT;
let given: Text = ABSENT;
/** False once something was found that is no rule. */
let isRule: bool = true;

/**
 * Whether a rule is true, or without arguments: whether it is true for some. What has no value is not true, and neither is what is
 * no rule.
 *
 * @param who The principal, with `roles` and `claims`.
 * @param args Of the call: a JSON value, or `ABSENT`.
 */
export function mayAllow(rule: Text, who: Text, args: Text): bool {
  principal = who;
  given = args;
  isRule = true;
  const holds = (endsOf(evaluate(rule)) & HOLD) != 0;
  return holds && isRule;
}

function evaluate(rule: Text): Result {
  const value = member(rule, "value");
  if (value != ABSENT) return value;
  const list = member(rule, "list");
  if (list != ABSENT) return listOf(list);
  const path = member(rule, "get");
  if (path != ABSENT) return valueAt(path);
  const op = stringOf(member(rule, "op"));
  const operands = new Entries(member(rule, "of"));
  if (op == ABSENT || !operands.next()) return noRule();
  const first = operands.value;
  if (is(op, "&&") || is(op, "||")) return joined(operands, is(op, "||"));
  if (is(op, "!")) return resultOf(opposite(endsOf(evaluate(first))));
  if (is(op, "has")) return isThere(evaluate(first));
  if (is(op, "size")) return applied(op, evaluate(first), FALSE);
  if (!operands.next()) return noRule();
  return applied(op, evaluate(first), evaluate(operands.value));
}

function noRule(): Result {
  isRule = false;
  return FAILED;
}

function isOpen(result: Result): bool {
  return placeOf(result) == 0xffff_ffff && result != FAILED;
}

function fromBool(holds: bool): Result {
  return holds ? TRUE : FALSE;
}

function isThere(found: Result): Result {
  return found == ANYTHING ? resultOf(HOLD | NOT) : fromBool(found != FAILED);
}

/** A value of several: it has one where all of them have. */
function listOf(items: Text): Result {
  if (!isArray(items)) return noRule();
  save();
  begin();
  putAscii("[");
  let isAnyOpen = false;
  let hasFailed = false;
  const each = new Entries(items);
  for (let i = 0; each.next(); i++) {
    if (i > 0) putAscii(",");
    const result = evaluate(each.value);
    hasFailed = hasFailed || result == FAILED;
    if (isOpen(result)) isAnyOpen = true;
    else if (result != FAILED) put(result);
  }
  putAscii("]");
  const list = written();
  restore();
  return hasFailed ? FAILED : isAnyOpen ? ANYTHING : list;
}

/** What stands in the principal or in the arguments. */
function valueAt(path: Text): Result {
  const keys = new Entries(path);
  if (!keys.next() || !isString(keys.value)) return noRule();
  let found = principal;
  if (!is(stringOf(keys.value), "principal")) {
    if (given == ABSENT) return ANYTHING;
    found = given;
  }
  while (keys.next()) {
    const key = keys.value;
    if (isNumber(key)) found = isArray(found) ? itemOf(found, numberOf(key)) : FAILED;
    else if (isString(key)) found = isObject(found) ? memberNamed(found, key) : FAILED;
    else return noRule();
    if (found == FAILED) return FAILED;
  }
  return found;
}

/** What a result may come to as a condition. */
function endsOf(result: Result): Ends {
  if (result == FAILED) return FAIL;
  if (isOpen(result)) return <i32>result & EVERY_END;
  return is(result, "true") ? HOLD : is(result, "false") ? NOT : FAIL;
}

function resultOf(ends: Ends): Result {
  if (popcnt(ends) > 1) return OPEN | ends;
  return ends == FAIL ? FAILED : fromBool(ends == HOLD);
}

/** Conditions joined by `&&`, or by `||`, which is that of their opposites. */
function joined(operands: Entries, byOr: bool): Result {
  let ends = operandEnds(operands.value, byOr);
  while (operands.next()) ends = both(ends, operandEnds(operands.value, byOr));
  return resultOf(byOr ? opposite(ends) : ends);
}

function operandEnds(rule: Text, byOr: bool): Ends {
  const ends = endsOf(evaluate(rule));
  return byOr ? opposite(ends) : ends;
}

/** One that is false decides, whatever the other is (CEL, "Logical operators"). */
function both(a: Ends, b: Ends): Ends {
  const mayFail =
    ((a & FAIL) != 0 && (b & (HOLD | FAIL)) != 0) || ((b & FAIL) != 0 && (a & (HOLD | FAIL)) != 0);
  return (a & b & HOLD) | ((a | b) & NOT) | (mayFail ? FAIL : 0);
}

function opposite(ends: Ends): Ends {
  return ((ends & HOLD) << 1) | ((ends & NOT) >> 1) | (ends & FAIL);
}

/** An operation on values; `size` has one operand. */
function applied(op: Text, a: Result, b: Result): Result {
  if (a == FAILED || b == FAILED) return FAILED;
  if (isOpen(a) || isOpen(b)) return ANYTHING;
  if (is(op, "==")) return isComparable(a, b) ? fromBool(isEqual(a, b)) : FAILED;
  if (is(op, "!=")) return isComparable(a, b) ? fromBool(!isEqual(a, b)) : FAILED;
  if (is(op, "in")) return isIn(a, b);
  if (is(op, "size")) return sizeOf(a);
  const areStrings = isString(a) && isString(b);
  if (is(op, "startsWith")) return areStrings ? fromBool(stringStartsWith(a, b)) : FAILED;
  if (is(op, "endsWith")) return areStrings ? fromBool(stringEndsWith(a, b)) : FAILED;
  if (is(op, "contains")) return areStrings ? fromBool(stringContains(a, b)) : FAILED;
  const isLess = is(op, "<");
  const isMore = is(op, ">");
  const isAtMost = is(op, "<=");
  if (!isLess && !isMore && !isAtMost && !is(op, ">=")) return noRule();
  if (!areStrings && !(isNumber(a) && isNumber(b))) return FAILED;
  const order = areStrings ? compareStrings(a, b) : orderOf(numberOf(a), numberOf(b));
  return fromBool(isLess ? order < 0 : isMore ? order > 0 : isAtMost ? order <= 0 : order >= 0);
}

function orderOf(a: f64, b: f64): i32 {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Values of different types are neither equal nor unequal, so that `!=` does not hold for what nobody thought of. */
function isComparable(a: Text, b: Text): bool {
  return isNull(a) || isNull(b) || haveSameType(a, b);
}

function isIn(a: Text, b: Text): Result {
  if (isArray(b)) return fromBool(hasItem(b, a));
  return isObject(b) && isString(a) ? fromBool(memberNamed(b, a) != ABSENT) : FAILED;
}

function sizeOf(value: Text): Result {
  let size = 0;
  if (isString(value)) size = charactersOf(value);
  else if (isArray(value)) size = itemsIn(value);
  else if (isObject(value)) size = membersIn(value);
  else return FAILED;
  save();
  begin();
  putInteger(size);
  const text = written();
  restore();
  return text;
}
