import { ABSENT, byteAt, lengthOf, Text } from "../../assembly/text";

const LENGTH: i32 = 20;
/** What stands between the digits of a time; `0` for any digit. */
const FORM: string = "0000-00-00T00:00:00Z";
const DAYS: StaticArray<u8> = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
/** From 0000-03-01 on. */
const DAYS_BEFORE_1970: i64 = 719_468;

/** A time of the form `2027-01-31T00:00:00Z`, in milliseconds since 1970-01-01T00:00:00Z, or 0 where it is before that; -1 where it is none. */
export function timeOf(text: Text): i64 {
  if (text == ABSENT || lengthOf(text) != LENGTH) return -1;
  for (let i = 0; i < LENGTH; i++) {
    const byte = byteAt(text, i);
    const wanted = FORM.charCodeAt(i);
    if (wanted == 0x30 ? <u32>(byte - 0x30) > 9 : byte != wanted) return -1;
  }
  const year = digitsAt(text, 0, 4);
  const month = digitsAt(text, 5, 2);
  const day = digitsAt(text, 8, 2);
  const hour = digitsAt(text, 11, 2);
  const minute = digitsAt(text, 14, 2);
  const second = digitsAt(text, 17, 2);
  if (month < 1 || month > 12 || day < 1 || hour > 23 || minute > 59 || second > 59) return -1;
  if (day > <i32>DAYS[month - 1] + i32(month == 2 && isLeap(year))) return -1;
  const days = daysSince1970(year, month, day);
  return max(0, ((days * 24 + hour) * 60 + minute) * 60_000 + second * 1000);
}

function digitsAt(text: Text, from: i32, count: i32): i32 {
  let value = 0;
  for (let i = from; i < from + count; i++) value = value * 10 + byteAt(text, i) - 0x30;
  return value;
}

function isLeap(year: i32): bool {
  return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

/** Years are counted from March, so that a leap day is the last of its year. */
function daysSince1970(year: i32, month: i32, day: i32): i64 {
  const from = month > 2 ? year : year - 1;
  const shifted = month > 2 ? month - 3 : month + 9;
  const leapDays = floorDiv(from, 4) - floorDiv(from, 100) + floorDiv(from, 400);
  return <i64>(from * 365 + leapDays + (153 * shifted + 2) / 5 + day - 1) - DAYS_BEFORE_1970;
}

function floorDiv(a: i32, b: i32): i32 {
  return a < 0 ? -((b - 1 - a) / b) : a / b;
}
