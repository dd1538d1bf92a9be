import { defineTool } from "tenon";
import * as v from "valibot";
import { calendarDifference, isoDuration } from "./duration.ts";
import { readingAt } from "./local-time.ts";
import { inZone, prefer, time, zonedTime, zoneName } from "./schemas.ts";
import { writtenInstant } from "./written-instant.ts";
import { zoneNamed } from "./zones.ts";

export const timeDifference = defineTool({
  name: "time_difference",
  title: "Time between two times",
  description:
    "Tells how much time lies between two times: exactly, and in years, months, days and hours as a calendar counts them.",
  input: v.object({
    start: time("ISO 8601, or `now`"),
    end: time("ISO 8601, or `now`; before `start` the answer is negative"),
    time_zone: v.optional(zoneName("Whose clocks and calendar count, unless a time has an offset"), "UTC"),
    prefer,
  }),
  output: v.object({
    start: zonedTime,
    end: zonedTime,
    seconds: v.pipe(v.number(), v.description("Exactly, across changes of the clocks")),
    duration: v.pipe(
      v.string(),
      v.description("By the calendar, in ISO 8601; with a minus sign when negative"),
    ),
    days: v.pipe(v.number(), v.description("In days of 24 hours, to three places")),
    notes: v.array(v.string()),
  }),
  annotations: { readOnlyHint: true, openWorldHint: false },
  run({ start, end, time_zone, prefer: preferred }) {
    const zone = zoneNamed(time_zone);
    const times = [start, end].map((written) => writtenInstant(written, zone, preferred));
    const [first, last] = times.map(({ instant }) => instant) as [number, number];
    const [from, to] = [Math.min(first, last), Math.max(first, last)];
    // Where the clocks were set back in between, the later instant may have the earlier reading: that is no calendar time.
    const readings = [readingAt(zone, from), readingAt(zone, to)] as const;
    const difference =
      readings[1] < readings[0]
        ? { months: 0, days: 0, milliseconds: to - from }
        : calendarDifference(...readings);
    return {
      start: inZone(zone, first),
      end: inZone(zone, last),
      seconds: (last - first) / 1000,
      duration: (last < first ? "-" : "") + isoDuration(difference),
      days: Math.round((last - first) / 86_400) / 1000,
      notes: times.flatMap(({ note }) => note ?? []),
    };
  },
});
