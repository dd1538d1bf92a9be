import * as v from "valibot";
import { isoOffset, isoTime } from "./local-time.ts";
import { periodAt, type Zone } from "./zones.ts";

const DAYS = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];

/** Schema of a zone's name. */
export function zoneName(description: string) {
  return v.pipe(v.string(), v.maxLength(100), v.description(description));
}

/** Schema of a time that is written in an argument. */
export function time(description: string) {
  return v.pipe(v.string(), v.maxLength(60), v.description(description));
}

/** Schema of the choice between two instants. */
export const prefer = v.optional(
  v.pipe(
    v.picklist(["earlier", "later"]),
    v.description("Which of two instants is meant, where the clocks were set back and show a time twice"),
  ),
  "earlier",
);

/** Schema of a time in a zone. */
export const zonedTime = v.object({
  time_zone: v.string(),
  time: v.pipe(v.string(), v.description("ISO 8601, with the offset from UTC")),
  weekday: v.string(),
  utc_offset: v.string(),
  abbreviation: v.pipe(v.string(), v.description("Such as CEST; the offset where the zone has no letters")),
  next_change: v.optional(
    v.pipe(
      v.string(),
      v.description("When its clocks are next set to another offset; absent when not before 2050"),
    ),
  ),
});

/** An instant as the clocks of a zone show it. */
export function inZone(zone: Zone, instant: number): v.InferOutput<typeof zonedTime> {
  const period = periodAt(zone, instant);
  const change = zone.periods.find(({ start, offset }) => start > instant && offset !== period.offset);
  return {
    time_zone: zone.name,
    time: isoTime(instant, period),
    weekday: DAYS[new Date(instant + period.offset).getUTCDay()]!,
    utc_offset: isoOffset(period.offset),
    abbreviation: period.abbreviation,
    ...(change === undefined ? {} : { next_change: isoTime(change.start, change) }),
  };
}
