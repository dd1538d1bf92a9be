import { defineTool } from "tenon";
import * as v from "valibot";
import { checkRange } from "./local-time.ts";
import { inZone, zonedTime, zoneName } from "./schemas.ts";
import { zoneNamed } from "./zones.ts";

export const currentTime = defineTool({
  name: "current_time",
  title: "Current time",
  description: "Tells the current date and time in one or more time zones.",
  input: v.object({
    time_zones: v.optional(
      v.pipe(
        v.array(zoneName("A name of the IANA database, such as Europe/Paris")),
        v.minLength(1),
        v.maxLength(50),
      ),
      ["UTC"],
    ),
  }),
  output: v.object({
    utc: v.string(),
    unix_seconds: v.pipe(v.number(), v.integer()),
    times: v.array(zonedTime),
  }),
  annotations: { readOnlyHint: true, openWorldHint: false },
  run({ time_zones }) {
    const now = Date.now();
    checkRange(now);
    return {
      utc: new Date(now).toISOString(),
      unix_seconds: Math.floor(now / 1000),
      times: time_zones.map((name) => inZone(zoneNamed(name), now)),
    };
  },
});
