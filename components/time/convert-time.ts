import { defineTool } from "tenon";
import * as v from "valibot";
import { writtenInstant } from "./written-instant.ts";
import { inZone, prefer, time, zonedTime, zoneName } from "./schemas.ts";
import { zoneNamed } from "./zones.ts";

export const convertTime = defineTool({
  name: "convert_time",
  title: "Convert time",
  description:
    "Converts a time from one time zone to others, with the daylight saving time of that day. Says when a time does not " +
    "exist or exists twice because the clocks are changed.",
  input: v.object({
    time: time(
      "ISO 8601, such as 2026-03-29T14:30; with an offset (Z, +02:00) `from` is not needed; or `now`",
    ),
    from: v.optional(zoneName("The time zone of `time`, such as America/New_York"), "UTC"),
    to: v.pipe(
      v.array(zoneName("Such as Asia/Tokyo")),
      v.minLength(1),
      v.maxLength(50),
      v.description("The time zones to convert to"),
    ),
    prefer,
  }),
  output: v.object({
    from: zonedTime,
    to: v.array(zonedTime),
    note: v.optional(v.pipe(v.string(), v.description("What is special about the time"))),
  }),
  annotations: { readOnlyHint: true, openWorldHint: false },
  run({ time: written, from, to, prefer: preferred }) {
    const source = zoneNamed(from);
    const { instant, note } = writtenInstant(written, source, preferred);
    return {
      from: inZone(source, instant),
      to: to.map((name) => inZone(zoneNamed(name), instant)),
      ...(note === undefined ? {} : { note }),
    };
  },
});
