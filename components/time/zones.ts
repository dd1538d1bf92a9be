import { ToolError } from "tenon";
import data from "./zone-data.json" with { type: "json" };

/** Times from this one on, in milliseconds since 1970, have an answer. */
export const FIRST_TIME = 0;
/** And those before this one. The rules of today are applied until then. */
export const END_TIME = Date.UTC(2050, 0, 1);

/** Release of the IANA time zone database that is inside. */
export const DATABASE_VERSION: string = data.version;

/** A stretch of time in which the clocks of a zone keep one distance from UTC. */
export interface Period {
  /** First instant, in milliseconds since 1970; -Infinity for the first period. */
  readonly start: number;
  /** First instant after it; Infinity for the last period. */
  readonly end: number;
  /** Milliseconds by which the clocks are ahead of UTC. */
  readonly offset: number;
  /** What the time is called, such as `CEST`. */
  readonly abbreviation: string;
}

/** A zone of the database. */
export interface Zone {
  /** As it was asked for, in the database's own spelling. */
  readonly name: string;
  /** In ascending order, without gaps. */
  readonly periods: readonly Period[];
}

/** All names, sorted. */
export function zoneNames(): string[] {
  return names().sort();
}

function names(): string[] {
  const zones = data.zones.map((line) => line.slice(0, line.indexOf("|")));
  const links = data.links.map((line) => line.slice(line.indexOf("|") + 1));
  return [...zones, ...links];
}

/** Names of the zones that a country uses, by its code of two letters (ISO 3166). */
export function zonesOfCountry(country: string): string[] | undefined {
  const line = data.countries.find((entry) => entry.startsWith(`${country.toUpperCase()}|`));
  return line?.slice(3).split(" ").sort();
}

/**
 * The zone of a name, whatever case it is written in.
 *
 * @throws ToolError when there is none, with the names that resemble it.
 */
export function zoneNamed(written: string): Zone {
  const wanted = written.trim().toLowerCase();
  const name = names().find((candidate) => candidate.toLowerCase() === wanted);
  if (name !== undefined) return { name, periods: periodsOf(lineOf(name)) };
  const near = resembling(written);
  throw new ToolError(
    `There is no time zone ${JSON.stringify(written.slice(0, 60))}. ` +
      (near.length === 0
        ? "Use a name of the IANA database, such as Europe/Paris; list_zones finds one."
        : `Did you mean ${near.join(" or ")}?`),
  );
}

/** Up to three names that have the last word of what was written in them. */
function resembling(written: string): string[] {
  const word = written
    .toLowerCase()
    .split(/[/, ]+/)
    .findLast((part) => part !== "");
  if (word === undefined || word.length < 3) return [];
  return zoneNames()
    .filter((name) => name.toLowerCase().includes(word))
    .slice(0, 3);
}

/** The period that an instant falls into. */
export function periodAt(zone: Zone, instant: number): Period {
  let [low, high] = [0, zone.periods.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (instant < zone.periods[middle]!.end) high = middle;
    else low = middle + 1;
  }
  return zone.periods[low]!;
}

/** Searched for each time: a table by name would be stored in the component, besides the data. */
function lineOf(name: string): string {
  const target = data.links.find((line) => line.endsWith(`|${name}`))?.split("|")[0] ?? name;
  return data.zones.find((line) => line.startsWith(`${target}|`))!;
}

/** Reads `name|abbreviations|offsets|kind of each period|ends`, as `scripts/make-zone-data.mjs` writes it. */
function periodsOf(line: string): Period[] {
  const [, abbreviations, offsets, [kinds], steps] = line.split("|").map((part) => part.split(" ")) as [
    string[],
    string[],
    string[],
    [string],
    string[],
  ];
  let end = 0;
  const ends = steps.filter((step) => step !== "").map((step) => (end += Number.parseInt(step, 36) * 30_000));
  return Array.from(kinds, (digit, index) => {
    const kind = Number.parseInt(digit, 36);
    return {
      start: ends[index - 1] ?? -Infinity,
      end: ends[index] ?? Infinity,
      offset: Number(offsets[kind]) * 1000,
      abbreviation: abbreviations[kind]!,
    };
  });
}
