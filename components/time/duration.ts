import { ToolError } from "tenon";

/** A duration of ISO 8601: months and days follow the calendar, the rest is exact. */
export interface Duration {
  /** Years are twelve months. */
  readonly months: number;
  /** Weeks are seven days. */
  readonly days: number;
  readonly milliseconds: number;
}

const FORM =
  /^([+-]?)P(?=.)(?:(\d{1,6})Y)?(?:(\d{1,6})M)?(?:(\d{1,6})W)?(?:(\d{1,6})D)?(?:T(?=.)(?:(\d{1,9})H)?(?:(\d{1,9})M)?(?:(\d{1,9}(?:[.,]\d{1,3})?)S)?)?$/i;

/** @throws ToolError when it is no duration of ISO 8601. */
export function readDuration(written: string): Duration {
  const match = FORM.exec(written.trim());
  if (match === null) {
    throw new ToolError(
      `${JSON.stringify(written.slice(0, 60))} is not a duration in ISO 8601, such as P1M2D, PT36H or -P1W`,
    );
  }
  const [years, months, weeks, days, hours, minutes, seconds] = match
    .slice(2)
    .map((part) => Number((part ?? "0").replace(",", "."))) as [
    number,
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const sign = match[1] === "-" ? -1 : 1;
  return {
    months: sign * (years * 12 + months),
    days: sign * (weeks * 7 + days),
    milliseconds: sign * Math.round(((hours * 60 + minutes) * 60 + seconds) * 1000),
  };
}

/** A reading of a clock some months and days later. A day that its month does not have becomes the month's last. */
export function addToCalendar(reading: number, { months, days }: Pick<Duration, "months" | "days">): number {
  const date = new Date(reading);
  const [year, month] = [date.getUTCFullYear(), date.getUTCMonth() + months];
  const lastDay = new Date(Date.UTC(year, month + 1, 0)).getUTCDate();
  const time = reading - Date.UTC(year, date.getUTCMonth(), date.getUTCDate());
  return Date.UTC(year, month, Math.min(date.getUTCDate(), lastDay) + days) + time;
}

/** The whole months and days between two readings, the second not before the first, and the rest. */
export function calendarDifference(from: number, to: number): Duration {
  const [start, end] = [new Date(from), new Date(to)];
  let months = (end.getUTCFullYear() - start.getUTCFullYear()) * 12 + end.getUTCMonth() - start.getUTCMonth();
  if (addToCalendar(from, { months, days: 0 }) > to) months -= 1;
  const rest = to - addToCalendar(from, { months, days: 0 });
  const days = Math.floor(rest / 86_400_000);
  return { months, days, milliseconds: rest - days * 86_400_000 };
}

/** `P1Y2M3DT4H5M6S`; `PT0S` for nothing. */
export function isoDuration({ months, days, milliseconds }: Duration): string {
  const seconds = (milliseconds % 60_000) / 1000;
  const date = [
    [Math.floor(months / 12), "Y"],
    [months % 12, "M"],
    [days, "D"],
  ] as const;
  const time = [
    [Math.floor(milliseconds / 3_600_000), "H"],
    [Math.floor(milliseconds / 60_000) % 60, "M"],
    [seconds, "S"],
  ] as const;
  const [before, after] = [partsOf(date), partsOf(time)];
  if (before + after === "") return "PT0S";
  return `P${before}${after === "" ? "" : `T${after}`}`;
}

function partsOf(parts: readonly (readonly [value: number, unit: string])[]): string {
  return parts.map(([value, unit]) => (value === 0 ? "" : `${value}${unit}`)).join("");
}
