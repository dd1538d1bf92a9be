import { execFileSync } from "node:child_process";
import { beforeAll, describe, expect, test } from "vitest";
import data from "../../components/time/zone-data.json" with { type: "json" };
import type { CompiledComponent, Instance } from "../fixtures/compiled-component.ts";
import { readyMade, structured } from "../fixtures/ready-made.ts";

let component: CompiledComponent;
beforeAll(async () => {
  component = await readyMade("time");
});

function call(tool: string, args: object, instance: Instance = component.instantiate()) {
  return structured(instance, tool, args);
}

/** What the clocks of UTC show when those of a zone show a time. */
function shownInUtc(time: string, from: string): string {
  return call("convert_time", { time, from, to: ["UTC"] }).to[0].time;
}

const NAMES = [
  ...data.zones.map((line) => line.split("|")[0]!),
  ...data.links.map((line) => line.split("|")[1]!),
];
const KNOWN = new Set(Intl.supportedValuesOf("timeZone").map((name) => name.toLowerCase()));

/** Seconds that the clocks of a zone are ahead of UTC, as Node has it. */
function offsetInNode(timeZone: string, instant: number): number {
  const format = new Intl.DateTimeFormat("en", { timeZone, timeZoneName: "longOffset" });
  const name = format.formatToParts(instant).find((part) => part.type === "timeZoneName")!.value;
  return secondsOf(name.replace("GMT", "") || "+00:00");
}

function secondsOf(offset: string): number {
  const [hours, minutes, seconds = 0] = offset.slice(1).split(":").map(Number) as [number, number, number?];
  return (offset.startsWith("-") ? -1 : 1) * ((hours * 60 + minutes) * 60 + seconds);
}

/** Numbers from 0 to 1 that look random and are the same each time. */
function* noise(): Generator<number, never> {
  for (let state = 42; ;) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    yield state / 2 ** 32;
  }
}

test("the data is made from the installed time zone package", () => {
  execFileSync(process.execPath, ["scripts/make-zone-data.mjs", "--check"]);
});

test("every zone has the offsets of Node's own data at instants from 1970 to 2049", () => {
  const instance = component.instantiate();
  const random = noise();
  // The database changes a few zones a year; Node may have another release of it.
  const differing = new Map<string, string>();
  const zones = NAMES.filter((name) => KNOWN.has(name.toLowerCase()));
  expect(zones.length).toBeGreaterThan(400);
  for (let round = 0; round < 8; round++) {
    for (let first = 0; first < zones.length; first += 50) {
      const instant = Math.floor(random.next().value * Date.UTC(2050, 0, 1));
      const time = new Date(instant).toISOString();
      const { to } = call("convert_time", { time, to: zones.slice(first, first + 50) }, instance);
      for (const { time_zone, utc_offset } of to) {
        const expected = offsetInNode(time_zone, instant);
        if (secondsOf(utc_offset) !== expected)
          differing.set(time_zone, `${time}: ${utc_offset}, ${expected}`);
      }
    }
  }
  const isSameRelease = process.versions.tz === data.version;
  expect([...differing].length, JSON.stringify([...differing])).toBeLessThanOrEqual(isSameRelease ? 0 : 8);
});

test.each(["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Pacific/Apia", "Africa/Casablanca"])(
  "%s changes its clocks when Node says it does",
  (zone) => {
    const instance = component.instantiate();
    let time = "2005-01-01T00:00:00Z";
    for (let count = 0; count < 12; count++) {
      const { to } = call("convert_time", { time, to: [zone] }, instance);
      const next = Date.parse(to[0].next_change);
      expect(offsetInNode(zone, next)).toBe(secondsOf(to[0].next_change.slice(-6)));
      expect(offsetInNode(zone, next - 1000)).toBe(secondsOf(to[0].utc_offset));
      time = new Date(next).toISOString();
    }
  },
);

describe("convert_time", () => {
  test("converts by the clocks of that day", () => {
    expect(
      call("convert_time", { time: "2026-07-01 09:30", from: "america/new_york", to: ["Asia/Kolkata"] }),
    ).toEqual({
      from: {
        time_zone: "America/New_York",
        time: "2026-07-01T09:30:00-04:00",
        weekday: "Wednesday",
        utc_offset: "-04:00",
        abbreviation: "EDT",
        next_change: "2026-11-01T01:00:00-05:00",
      },
      to: [
        {
          time_zone: "Asia/Kolkata",
          time: "2026-07-01T19:00:00+05:30",
          weekday: "Wednesday",
          utc_offset: "+05:30",
          abbreviation: "IST",
        },
      ],
    });
  });

  test("a time that the clocks skip is said not to exist, and taken as much later", () => {
    const { from, note } = call("convert_time", {
      time: "2026-03-29T02:30",
      from: "Europe/Berlin",
      to: ["UTC"],
    });
    expect(from.time).toBe("2026-03-29T03:30:00+02:00");
    expect(note).toBe(
      "The clocks of Europe/Berlin are set forward over this time, so it does not exist; it is taken as 2026-03-29T03:30:00+02:00",
    );
  });

  test("a time that the clocks show twice is the earlier one, or the later one where that is asked for", () => {
    const args = { time: "2026-10-25T02:30", from: "Europe/Berlin", to: ["UTC"] };
    const earlier = call("convert_time", args);
    expect(earlier.to[0].time).toBe("2026-10-25T00:30:00+00:00");
    expect(earlier.note).toContain("this is the earlier one, the other is 2026-10-25T02:30:00+01:00");
    expect(call("convert_time", { ...args, prefer: "later" }).to[0].time).toBe("2026-10-25T01:30:00+00:00");
  });

  test("the edges of gaps and overlaps are exact", () => {
    expect(shownInUtc("2026-03-29T01:59:59.999", "Europe/Berlin")).toBe("2026-03-29T00:59:59.999+00:00");
    expect(shownInUtc("2026-03-29T03:00", "Europe/Berlin")).toBe("2026-03-29T01:00:00+00:00");
    expect(shownInUtc("2026-10-25T01:59:59", "Europe/Berlin")).toBe("2026-10-24T23:59:59+00:00");
    expect(shownInUtc("2026-10-25T03:00", "Europe/Berlin")).toBe("2026-10-25T02:00:00+00:00");
    // Half an hour, and a whole day that never was.
    expect(shownInUtc("2026-10-04T02:15", "Australia/Lord_Howe")).toBe("2026-10-03T15:45:00+00:00");
    expect(shownInUtc("2011-12-30T12:00", "Pacific/Apia")).toBe("2011-12-30T22:00:00+00:00");
    // An offset with seconds.
    expect(shownInUtc("1971-06-01T00:00", "Africa/Monrovia")).toBe("1971-06-01T00:44:30+00:00");
  });

  test.each([
    [{ time: "2026-02-30T00:00", to: ["UTC"] }, "There is no such day: 2026-02-30"],
    [{ time: "2026-02-03T24:01", to: ["UTC"] }, "There is no such time of day: 24:01"],
    [{ time: "tomorrow", to: ["UTC"] }, '"tomorrow" is not a time in ISO 8601'],
    [{ time: "2060-01-01", to: ["UTC"] }, "Time zones are known from 1970 to 2049 only"],
    [{ time: "1969-12-31", to: ["UTC"] }, "Time zones are known from 1970 to 2049 only"],
    [{ time: "2026-01-01", to: ["Berlin"] }, 'There is no time zone "Berlin". Did you mean Europe/Berlin?'],
    [{ time: "2026-01-01", to: ["??"] }, "Use a name of the IANA database, such as Europe/Paris"],
  ])("says what is wrong with %j", (args, message) => {
    expect(() => call("convert_time", args)).toThrow(message);
  });
});

test("current_time tells the time of the host", () => {
  // The clock of the fixture stands still.
  const { utc, unix_seconds, times } = call("current_time", { time_zones: ["Europe/London", "Asia/Tokyo"] });
  expect([utc, unix_seconds]).toEqual(["2023-11-14T22:13:20.000Z", 1_700_000_000]);
  expect(times.map(({ time }: { time: string }) => time)).toEqual([
    "2023-11-14T22:13:20+00:00",
    "2023-11-15T07:13:20+09:00",
  ]);
});

describe("time_difference", () => {
  test.each([
    ["2024-02-29", "2026-02-28", "UTC", "P2Y", 63_072_000],
    ["2026-01-31", "2026-03-01", "UTC", "P1M1D", 2_505_600],
    ["2026-03-28T12:00", "2026-03-29T12:00", "Europe/Berlin", "P1D", 82_800],
    ["2026-10-25T00:00", "2026-10-26T00:00", "Europe/Berlin", "P1D", 90_000],
    ["2026-10-25T02:50+02:00", "2026-10-25T02:10+01:00", "Europe/Berlin", "PT20M", 1200],
    ["2026-05-01T10:00", "2026-05-01T09:58:30", "UTC", "-PT1M30S", -90],
    ["2026-05-01", "2026-05-01", "UTC", "PT0S", 0],
  ])("from %s to %s in %s are %s", (start, end, time_zone, duration, seconds) => {
    expect(call("time_difference", { start, end, time_zone })).toMatchObject({ duration, seconds });
  });
});

describe("add_duration", () => {
  test.each([
    ["2026-01-31", "P1M", "UTC", "2026-02-28T00:00:00+00:00"],
    ["2024-02-29", "P1Y", "UTC", "2025-02-28T00:00:00+00:00"],
    ["2026-03-28T12:00", "P1D", "Europe/Berlin", "2026-03-29T12:00:00+02:00"],
    ["2026-03-28T12:00", "PT24H", "Europe/Berlin", "2026-03-29T13:00:00+02:00"],
    ["2026-03-28T02:30", "P1D", "Europe/Berlin", "2026-03-29T03:30:00+02:00"],
    ["2026-07-10T00:00", "-P1W2DT1H30M", "Asia/Kathmandu", "2026-06-30T22:30:00+05:45"],
  ])("%s and %s in %s is %s", (time, duration, time_zone, result) => {
    expect(call("add_duration", { time, duration, time_zone }).result.time).toBe(result);
  });

  test.each([
    ["1 month", "is not a duration in ISO 8601"],
    ["P", "is not a duration in ISO 8601"],
    ["P1DT", "is not a duration in ISO 8601"],
    ["P100Y", "Time zones are known from 1970 to 2049 only"],
    ["PT999999999H", "Time zones are known from 1970 to 2049 only"],
  ])("refuses %s", (duration, message) => {
    expect(() => call("add_duration", { time: "2026-01-01", duration })).toThrow(message);
  });
});

describe("list_zones", () => {
  test("finds zones by name and by country", () => {
    expect(call("list_zones", { query: "new york" })).toEqual({
      zones: [{ name: "America/New_York", utc_offset: "-05:00", abbreviation: "EST" }],
      total: 1,
      database: data.version,
    });
    const { zones } = call("list_zones", { country: "nz" });
    expect(zones.map(({ name }: { name: string }) => name)).toEqual(["Pacific/Auckland", "Pacific/Chatham"]);
    expect(call("list_zones", { max_results: 3 })).toMatchObject({
      total: NAMES.length,
      zones: { length: 3 },
    });
  });

  test("an unknown country is named", () => {
    expect(() => call("list_zones", { country: "QQ" })).toThrow('There is no country with the code "QQ"');
  });
});
