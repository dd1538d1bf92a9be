import { provider } from "tenon";
import { addDuration } from "./add-duration.ts";
import { convertTime } from "./convert-time.ts";
import { currentTime } from "./current-time.ts";
import { listZones } from "./list-zones.ts";
import { timeDifference } from "./time-difference.ts";

export default provider({
  name: "time",
  version: "1.0.0",
  title: "Time",
  description: "The current time, time zones, and calculating with times and durations",
  tools: [currentTime, convertTime, timeDifference, addDuration, listZones],
});
