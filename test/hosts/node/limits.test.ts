import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { LIMITS, type LimitDefinition } from "../../../hosts/node/limits/definition.ts";
import { findLimitsProblems, resolveLimits } from "../../../hosts/node/limits/resolve-limits.ts";
import { checkJson } from "../../../src/json-schema/index.ts";

const root = join(import.meta.dirname, "..", "..", "..");
const schema = JSON.parse(readFileSync(join(root, "schema", "limits.schema.json"), "utf8")) as object;
const members = Object.entries(LIMITS).flatMap(([section, all]) =>
  Object.entries(all as Record<string, LimitDefinition>).map(
    ([member, limit]) => [section, member, limit] as const,
  ),
);

describe("resolveLimits()", () => {
  test("gives every default that does not depend on the machine", () => {
    expect(resolveLimits()).toMatchObject({
      http: { bodyBytes: 1024 * 1024, headerMs: 5000, connections: 1000 },
      json: { depth: 64, tokens: 100_000 },
      calls: { deadlineMs: 10_000, queueLength: undefined },
      guests: { memoryMiB: 64, workers: undefined },
    });
    expect(resolveLimits({ calls: { queueLength: 7 } }).calls).toMatchObject({
      queueLength: 7,
      queueMs: 1000,
    });
  });

  test("takes what it gave", () => {
    const limits = resolveLimits({ http: { bodyBytes: 2048 } });
    expect(resolveLimits(limits)).toEqual(limits);
  });

  test.each<[unknown, string, string[]]>([
    [null, "the whole value must be an object", []],
    [[], "the whole value must be an object", []],
    [{ htp: {} }, 'there is no limit "htp", did you mean "http"?', ["htp"]],
    [
      { http: { bodybytes: 1 } },
      'there is no limit "http.bodybytes", did you mean "bodyBytes"?',
      ["http", "bodybytes"],
    ],
    [{ json: { x: 1 } }, 'there is no limit "json.x", known: depth, tokens', ["json", "x"]],
    [{ toString: {} }, 'there is no limit "toString", known:', ["toString"]],
    [{ http: 5 }, '"http" must be an object', ["http"]],
    [
      { http: { bodyBytes: "1MB" } },
      '"http.bodyBytes" must be a whole number of bytes from 1024 to 67108864, got "1MB"',
      ["http", "bodyBytes"],
    ],
    [
      { calls: { deadlineMs: 0.5 } },
      '"calls.deadlineMs" must be a whole number of milliseconds from 1 to 86400000, got 0.5',
      ["calls", "deadlineMs"],
    ],
    [
      { json: { depth: 513 } },
      '"json.depth" must be a whole number from 8 to 512, got 513',
      ["json", "depth"],
    ],
    [
      { http: { headerMs: 60_000 } },
      '"http.headerMs" is 60000, which must not be more than "http.requestMs", 30000',
      ["http", "headerMs"],
    ],
  ])("refuses %j", (value, text, at) => {
    const [problem] = findLimitsProblems(value);
    expect(problem!.text).toContain(text);
    expect(problem!.at).toEqual(at);
    expect(() => resolveLimits(value as never)).toThrow(TypeError);
  });
});

describe("the definition of limits", () => {
  test.each(members)("%s.%s has a default within its range", (_section, _member, { normal, range }) => {
    const [least, most] = range;
    if (typeof normal !== "number") return;
    expect(normal).toBeGreaterThanOrEqual(least);
    expect(normal).toBeLessThanOrEqual(most);
  });

  test("is what the schema and the docs say", () => {
    const script = join(root, "scripts", "write-limits.mjs");
    expect(execFileSync(process.execPath, [script, "--check"], { encoding: "utf8" })).toBe("");
  });

  test.each(members)("the schema takes of %s.%s what is taken", (section, member, { range }) => {
    const [least, most] = range;
    for (const value of [least, most])
      expect(checkJson(schema, { [section]: { [member]: value } })).toEqual([]);
    for (const value of [least - 1, most + 1, least + 0.5, "1"]) {
      const limits = { [section]: { [member]: value } };
      expect(checkJson(schema, limits)).toHaveLength(1);
      expect(findLimitsProblems(limits)).toHaveLength(1);
    }
  });
});
