import { putByte, putDigits } from "../../assembly/writer";

const DAY: i64 = 86_400_000;

/** Writes a time as ISO 8601 has it, in UTC with milliseconds. @param time Milliseconds since 1970-01-01T00:00:00Z, not before it. */
export function putTime(time: i64): void {
  const ms = time % DAY;
  // Days since 0000-03-01, so that a leap day is the last of its year; 400 years have 146,097 days.
  const days = time / DAY + 719_468;
  const era = days / 146_097;
  const dayOfEra = days % 146_097;
  const yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365;
  const dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100);
  const shifted = (5 * dayOfYear + 2) / 153;
  const day = dayOfYear - (153 * shifted + 2) / 5 + 1;
  const month = shifted < 10 ? shifted + 3 : shifted - 9;
  const year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0);
  putDigits(year, 4);
  putByte(0x2d);
  putDigits(month, 2);
  putByte(0x2d);
  putDigits(day, 2);
  putByte(0x54);
  putDigits(ms / 3_600_000, 2);
  putByte(0x3a);
  putDigits((ms / 60_000) % 60, 2);
  putByte(0x3a);
  putDigits((ms / 1000) % 60, 2);
  putByte(0x2e);
  putDigits(ms % 1000, 3);
  putByte(0x5a);
}
