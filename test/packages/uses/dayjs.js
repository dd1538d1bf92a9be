import dayjs from "dayjs";
import "dayjs/locale/de.js";
import customParseFormat from "dayjs/plugin/customParseFormat.js";
import duration from "dayjs/plugin/duration.js";
import isoWeek from "dayjs/plugin/isoWeek.js";
import relativeTime from "dayjs/plugin/relativeTime.js";
import utc from "dayjs/plugin/utc.js";

for (const plugin of [customParseFormat, duration, isoWeek, relativeTime, utc]) dayjs.extend(plugin);

export default function use() {
  const start = dayjs.utc("2024-02-29T23:30:00Z");
  return {
    added: start.add(1, "year").add(90, "minute").format("YYYY-MM-DD HH:mm"),
    german: start.locale("de").format("dddd, D. MMMM YYYY"),
    parsed: dayjs.utc("31/12/2025 07:05", "DD/MM/YYYY HH:mm").toISOString(),
    invalid: dayjs.utc("31/02/2025", "DD/MM/YYYY", true).isValid(),
    week: start.isoWeek(),
    between: start.to(dayjs.utc("2024-03-10T00:00:00Z")),
    duration: dayjs.duration(93_784_000).toISOString(),
  };
}
