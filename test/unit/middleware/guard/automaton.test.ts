import * as fc from "fast-check";
import { readFile } from "node:fs/promises";
import { describe, expect, test } from "vitest";
import { Automaton } from "../../../../middleware/guard/automaton.ts";
import { parsePattern, PATTERN_SYNTAX, PatternError } from "../../../../middleware/guard/pattern.ts";
import type { SignatureSet } from "../../../../middleware/guard/signatures.ts";

function automaton(...patterns: string[]): Automaton {
  return new Automaton(patterns.map((pattern) => parsePattern(pattern, false)));
}

function found(pattern: string, text: string): string[] {
  return [...automaton(pattern).find(text)].map(({ start, end }) => text.slice(start, end));
}

describe("Automaton finds", () => {
  test.for<[pattern: string, text: string, found: string[]]>([
    ["abc", "xabcxabcabc", ["abc", "abcabc"]],
    ["a[bc]{2,3}", "abcb acc ab", ["abcb", "acc"]],
    ["(?:ab)+", "abababa", ["ababab"]],
    ["a|bc|d", "xbcad", ["bcad"]],
    ["\\bcat\\b", "cat concat cat's category", ["cat", "cat"]],
    ["\\d{3,}", "12 1234 5", ["1234"]],
    ["a.c", "a\nc abc", ["abc"]],
    ["[^a-y]z?", "abzz", ["zz"]],
    ["\\u00e9t\\u00e9", "un été", ["été"]],
    ["[\\]\\-\\\\]+", "a]-\\b", ["]-\\"]],
    ["aa", "aaaaa", ["aaaaa"]],
    ["ab{0,2}c", "abbc ac abbbc", ["abbc", "ac"]],
  ])("%s", ([pattern, text, expected]) => {
    expect(found(pattern, text)).toEqual(expected);
  });
});

const letters = fc.constantFrom("a", "b", "-", "[ab]", "[^a]", ".", "\\w", "\\b");
const { pattern: patterns } = fc.letrec<{ pattern: string; item: string }>((tie) => ({
  pattern: fc.array(tie("item"), { minLength: 1, maxLength: 3 }).map((items) => items.join("")),
  item: fc.oneof(
    { depthSize: "small", maxDepth: 2 },
    letters,
    fc
      .tuple(tie("pattern"), fc.constantFrom("", "*", "+", "?", "{2}", "{1,2}", "{2,}"))
      .map(([inner, times]) => `(?:${inner})${times}`),
    fc.tuple(tie("pattern"), tie("pattern")).map(([one, other]) => `(?:${one}|${other})`),
  ),
}));
const texts = fc.string({ unit: fc.constantFrom("a", "b", "-", "\n"), maxLength: 12 });

test("Automaton covers exactly what the engine's own expressions find, whatever the pattern", () => {
  fc.assert(
    fc.property(patterns, texts, (pattern, text) => {
      const native = new RegExp(pattern, "g");
      let ours: { start: number; end: number }[];
      try {
        ours = [...automaton(pattern).find(text)];
      } catch (error) {
        expect(error).toBeInstanceOf(RangeError);
        const probes = ["", "a", "b", "-", "\n", "-a", "-b"];
        expect(probes.some((probe) => [...probe.matchAll(native)].some(([match]) => match === ""))).toBe(
          true,
        );
        return;
      }
      const theirs = [...text.matchAll(native)].filter(([match]) => match !== "");
      expect(ours.length > 0).toBe(theirs.length > 0);
      for (const match of theirs) {
        const [start, end] = [match.index, match.index + match[0].length];
        expect(ours.some((each) => each.start <= start && end <= each.end)).toBe(true);
      }
    }),
    { numRuns: 2000 },
  );
});

const LIMIT = 1000;

test("Automaton takes steps in proportion to the text, and patterns that make other engines slow as well", () => {
  for (const [pattern, unit] of [
    ["(?:a+)+b", "a"],
    ["(?:a|a)*b", "a"],
    ["a.*a.*a.*b", "a"],
    ["a[ab]{20}c", "ab"],
    ["(?:[ab]{1,30}){1,3}-", "aab"],
  ] as const) {
    const steps = [10, 20].map((thousands) => {
      const each = automaton(pattern);
      expect([...each.find(unit.repeat((thousands * LIMIT) / unit.length))]).toEqual([]);
      return each.steps;
    });
    expect(steps[0]).toBeLessThan(40 * 10 * LIMIT);
    expect(steps[1]).toBeLessThan(2.5 * steps[0]!);
  }
});

const SETS = ["card-numbers", "credentials", "prompt-injection", "secret-exfiltration"];
const HOSTILE = [
  "a",
  " ",
  "1",
  "AKIA",
  "4111 1111 1111 1112 ",
  "411111111111",
  "eyJaaaaaaaa.",
  "-----BEGIN PRIVATE KEY-----",
  "-----BEGIN PRIVATE KEY-----AAAAAAAAAAAAAAAAAAAA ",
  "x://a:b",
  "Bearer a",
  "sk-",
  "ignore all the ",
  "do not tell ",
  "send all the api key a ",
  "![](https://a?b=",
  "/.ssh/.aws/",
  "169.254.",
];

test.for(SETS)("Automaton of the signatures %s looks at each character of 1 MB about once", async (name) => {
  const file = new URL(`../../../../middleware/guard/signatures/${name}.json`, import.meta.url);
  const set = JSON.parse(await readFile(file, "utf8")) as SignatureSet;
  const parsed = Object.values(set.patterns).map((pattern) => parsePattern(pattern, set.ignoreCase === true));
  for (const unit of HOSTILE) {
    const steps = [1, 2].map((halves) => {
      const each = new Automaton(parsed);
      const made = each.steps;
      for (const { start, end } of each.find(unit.repeat((halves * 500_000) / unit.length))) {
        expect(end).toBeGreaterThan(start);
      }
      return each.steps - made;
    });
    expect(steps[1], unit).toBeLessThan(2.1 * 1_000_000);
    expect(steps[1], unit).toBeLessThan(2.1 * steps[0]! + 5000);
  }
});

describe("parsePattern() refuses", () => {
  test.for<[pattern: string, problem: string]>([
    ["a(b", "a group that does not end at character 4"],
    ["ab)", "a parenthesis too many at character 3"],
    ["*a", "a character that needs a backslash at character 1"],
    ["^a", "a character that needs a backslash at character 1"],
    ["a|", "nothing to match at character 3"],
    ["()", "nothing to match at character 2"],
    ["[a", "a class that does not end at character 3"],
    ["[z-a]", "a range that ends before it starts at character 5"],
    ["a{3,2}", "a repetition of fewer times than its least at character 7"],
    ["a{0}", "a repetition of fewer times than its least at character 5"],
    ["a{1000}", "a character that needs a backslash at character 2"],
    ["a\\q", "an unknown escape at character 3"],
    ["a\\", "an unknown escape at character 3"],
    ["a\\-", "a hyphen that needs no backslash at character 2"],
    ["[]", "an empty class at character 2"],
    ["(a)(?=b)", "a character that needs a backslash at character 5"],
    ["(".repeat(21), "groups more than 20 deep at character 22"],
    ["(a)\\1", "an unknown escape at character 5"],
  ])("%s", ([pattern, problem]) => {
    expect(() => parsePattern(pattern, false)).toThrow(PatternError);
    expect(() => parsePattern(pattern, false)).toThrow(problem);
  });
});

test("new Automaton() refuses patterns that match an empty text, and too many repetitions", () => {
  expect(() => automaton("a*")).toThrow("a pattern matches an empty text");
  expect(() => automaton("\\b")).toThrow("a pattern matches an empty text");
  expect(() => automaton("(?:(?:a{999}){999}){999}")).toThrow("the patterns are too long");
});

test("the syntax of settings lets every pattern through, and refuses what belongs to other languages", () => {
  const syntax = new RegExp(PATTERN_SYNTAX, "u");
  fc.assert(fc.property(patterns, (pattern) => syntax.test(pattern)));
  for (const pattern of ["^a", "a$", "a*?", "a++", "*a", "\\1", "[a", "a]", "a{", "a{x}", "\\A", ""]) {
    expect(pattern).not.toMatch(syntax);
    expect(() => parsePattern(pattern, false)).toThrow(PatternError);
  }
});
