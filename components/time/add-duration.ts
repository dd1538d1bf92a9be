import { defineTool } from "tenon";
import * as v from "valibot";
import { addToCalendar, readDuration } from "./duration.ts";
import { checkRange, instantOf, readingAt } from "./local-time.ts";
import { inZone, prefer, time, zonedTime, zoneName } from "./schemas.ts";
import { writtenInstant } from "./written-instant.ts";
import { zoneNamed } from "./zones.ts";

export const addDuration = defineTool({
  name: "add_duration",
  title: "Add to a time",
  description:
    "Adds a duration to a time, or subtracts it. Years, months, weeks and days keep the time of day across changes of the " +
    "clocks; hours, minutes and seconds are exact. A month later than January 31 is the last day of February.",
  input: v.object({
    time: time("ISO 8601, or `now`"),
    duration: v.pipe(
      v.string(),
      v.maxLength(60),
      v.description("ISO 8601, such as P1Y2M10D, PT90M or -P2W; days are added before hours"),
    ),
    time_zone: v.optional(zoneName("Whose clocks and calendar count, unless the time has an offset"), "UTC"),
    prefer,
  }),
  output: v.object({ start: zonedTime, result: zonedTime, notes: v.array(v.string()) }),
  annotations: { readOnlyHint: true, openWorldHint: false },
  run({ time: written, duration, time_zone, prefer: preferred }) {
    const zone = zoneNamed(time_zone);
    const { instant: start, note } = writtenInstant(written, zone, preferred);
    const { months, days, milliseconds } = readDuration(duration);
    let instant = start;
    if (months !== 0 || days !== 0) {
      const reading = addToCalendar(readingAt(zone, start), { months, days });
      checkRange(reading);
      instant = instantOf(zone, reading, preferred).instant;
    }
    instant += milliseconds;
    checkRange(instant);
    return {
      start: inZone(zone, start),
      result: inZone(zone, instant),
      notes: note === undefined ? [] : [note],
    };
  },
});
