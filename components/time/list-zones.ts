import { defineTool, ToolError } from "tenon";
import * as v from "valibot";
import { isoOffset } from "./local-time.ts";
import { DATABASE_VERSION, periodAt, zoneNamed, zoneNames, zonesOfCountry } from "./zones.ts";

export const listZones = defineTool({
  name: "list_zones",
  title: "List time zones",
  description:
    "Finds time zones of the IANA database by a part of their name or by country, with their current offset from UTC.",
  input: v.object({
    query: v.optional(
      v.pipe(
        v.string(),
        v.maxLength(100),
        v.description("A part of the name, such as a city or a continent"),
      ),
      "",
    ),
    country: v.optional(
      v.pipe(
        v.string(),
        v.regex(/^[A-Za-z]{2}$/, "a country has a code of two letters, such as DE"),
        v.description("Code of a country (ISO 3166), such as BR"),
      ),
    ),
    max_results: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(200)), 50),
  }),
  output: v.object({
    zones: v.array(v.object({ name: v.string(), utc_offset: v.string(), abbreviation: v.string() })),
    total: v.pipe(v.number(), v.integer(), v.description("How many there are, listed or not")),
    database: v.pipe(v.string(), v.description("Release of the IANA time zone database")),
  }),
  annotations: { readOnlyHint: true, openWorldHint: false },
  run({ query, country, max_results }) {
    const candidates = country === undefined ? zoneNames() : zonesOfCountry(country);
    if (candidates === undefined) throw new ToolError(`There is no country with the code "${country}"`);
    const words = query
      .toLowerCase()
      .split(/[\s_]+/)
      .join("_");
    const names = candidates.filter((name) => name.toLowerCase().includes(words));
    const now = Date.now();
    return {
      zones: names.slice(0, max_results).map((name) => {
        const { offset, abbreviation } = periodAt(zoneNamed(name), now);
        return { name, utc_offset: isoOffset(offset), abbreviation };
      }),
      total: names.length,
      database: DATABASE_VERSION,
    };
  },
});
