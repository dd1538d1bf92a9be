import { ToolError } from "tenon";
import { END_TIME, FIRST_TIME, periodAt, type Period, type Zone } from "./zones.ts";

const DAY = 86_400_000;

/** A reading of a clock, as the milliseconds since 1970 that a clock in UTC has when it shows the same. */
export type ClockReading = number;

/** A time as it was written. */
export interface WrittenTime {
  readonly reading: ClockReading;
  /** Distance from UTC in milliseconds, where it was written. */
  readonly offset?: number;
}

const FORM =
  /^(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?(?:\s?(Z|[+-]\d{2}(?::?\d{2}(?::?\d{2})?)?))?)?$/i;

/**
 * Reads a date, or a date with a time, in ISO 8601.
 *
 * @throws ToolError when it is none, or names a day or an hour that does not exist.
 */
export function readTime(written: string): WrittenTime {
  const match = FORM.exec(written.trim());
  if (match === null) {
    throw new ToolError(
      `${JSON.stringify(written.slice(0, 60))} is not a time in ISO 8601, such as 2026-03-29T02:30 or 2026-03-29T00:30:00Z`,
    );
  }
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map((part) => Number(part ?? 0)) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const milliseconds = Math.trunc(Number(`0.${match[7] ?? "0"}`) * 1000);
  const midnight = Date.UTC(year, month - 1, day);
  const isDay = new Date(midnight).getUTCMonth() === month - 1 && day > 0 && year >= 1000;
  if (!isDay) throw new ToolError(`There is no such day: ${written.slice(0, 10)}`);
  if (hour > 23 || minute > 59 || second > 59) {
    throw new ToolError(`There is no such time of day: ${written.slice(11, 19)}`);
  }
  const reading = midnight + ((hour * 60 + minute) * 60 + second) * 1000 + milliseconds;
  return match[8] === undefined ? { reading } : { reading, offset: readOffset(match[8]) };
}

function readOffset(written: string): number {
  if (/^z$/i.test(written)) return 0;
  const [hours, minutes = 0, seconds = 0] = written.slice(1).replaceAll(":", "").match(/\d{2}/g)!.map(Number);
  if (hours! > 23 || minutes > 59 || seconds > 59) throw new ToolError(`There is no such offset: ${written}`);
  return (written.startsWith("-") ? -1000 : 1000) * ((hours! * 60 + minutes) * 60 + seconds);
}

/** What a reading of the clocks of a zone means. */
export interface Meaning {
  readonly instant: number;
  /** The other instant at which the clocks showed the same, where they were set back. */
  readonly other?: number;
  /** True when the clocks never showed it, as they were set forward over it. */
  readonly skipped: boolean;
}

/**
 * The instant at which the clocks of a zone show something. Set back, they show it twice: `prefer` chooses. Set forward,
 * they never do: the instant is as far after the change as the reading is into the gap, as most calendars have it.
 */
export function instantOf(zone: Zone, reading: ClockReading, prefer: "earlier" | "later"): Meaning {
  const near = zone.periods.filter(({ start, end }) => start < reading + 2 * DAY && end > reading - 2 * DAY);
  const instants = near
    .map(({ offset, start, end }) => ({ instant: reading - offset, start, end }))
    .filter(({ instant, start, end }) => instant >= start && instant < end)
    .map(({ instant }) => instant);
  const [earlier, later] = instants;
  if (earlier === undefined) {
    const before = near.findLast(({ start, offset }) => reading - offset >= start)!;
    return { instant: reading - before.offset, skipped: true };
  }
  if (later === undefined) return { instant: earlier, skipped: false };
  return prefer === "earlier"
    ? { instant: earlier, other: later, skipped: false }
    : { instant: later, other: earlier, skipped: false };
}

/** @throws ToolError when the data says nothing of a time. */
export function checkRange(instant: number): void {
  if (instant >= FIRST_TIME && instant < END_TIME) return;
  throw new ToolError(
    `Time zones are known from ${new Date(FIRST_TIME).getUTCFullYear()} to ${new Date(END_TIME).getUTCFullYear() - 1} only`,
  );
}

/** The reading of the clocks of a zone at an instant. */
export function readingAt(zone: Zone, instant: number): ClockReading {
  return instant + periodAt(zone, instant).offset;
}

/** `2026-03-29T03:30:00+02:00`; milliseconds only where there are any. */
export function isoTime(instant: number, period: Pick<Period, "offset">): string {
  const text = new Date(instant + period.offset)
    .toISOString()
    .replace("Z", "")
    .replace(/\.000$/, "");
  return text + isoOffset(period.offset);
}

/** `+02:00`; seconds only where there are any. */
export function isoOffset(offset: number): string {
  const seconds = Math.abs(offset) / 1000;
  const parts = [seconds / 3600, (seconds / 60) % 60, seconds % 60].map((part) =>
    String(Math.trunc(part)).padStart(2, "0"),
  );
  if (parts[2] === "00") parts.pop();
  return (offset < 0 ? "-" : "+") + parts.join(":");
}
