import { createHash, createHmac } from "node:crypto";
import { readFileSync } from "node:fs";
import { beforeAll, describe, expect, test } from "vitest";
import type { CompiledComponent } from "../fixtures/compiled-component.ts";
import { readyMade, structured } from "../fixtures/ready-made.ts";

const HANDBOOK = readFileSync("test/fixtures/documents/handbook.md", "utf8");
const LINES = HANDBOOK.split("\n");

let component: CompiledComponent;
beforeAll(async () => {
  component = await readyMade("text-tools");
});

function call(tool: string, args: object) {
  return structured(component.instantiate(), tool, args);
}

describe("search_text", () => {
  test("finds what a filter over the lines finds, with the lines around it", () => {
    const found = call("search_text", { text: HANDBOOK, pattern: "barometer", max_results: 500 });
    const expected = LINES.flatMap((line, index) => (line.includes("barometer") ? [index + 1] : []));
    expect(found.results.map(({ line }: { line: number }) => line)).toEqual(expected);
    expect(found).toMatchObject({ total: expected.length, truncated: false });
    const [first] = found.results;
    const index = first.line - 1;
    expect(first.before).toEqual(LINES.slice(index - 2, index));
    expect(first.after).toEqual(LINES.slice(index + 1, index + 3));
    expect(first.text.slice(0, 50)).toBe(LINES[index]!.slice(0, 50));
  });

  test("matches regular expressions of RE2 within a line", () => {
    const found = call("search_text", {
      text: HANDBOOK,
      pattern: String.raw`^## chapter (1|12):\s+\w+$`,
      regex: true,
      ignore_case: true,
      context_lines: 0,
    });
    expect(found.results).toMatchObject([
      { text: "## Chapter 1: Anchors", column: 1, before: [], after: [] },
      { text: "## Chapter 12: Pumps", column: 1, before: [], after: [] },
    ]);
  });

  test("takes a pattern literally unless it is told otherwise", () => {
    const found = call("search_text", { text: "a.c\nabc\na.c a.c", pattern: "a.c" });
    expect(found.results).toMatchObject([
      { line: 1, matches: ["a.c"] },
      { line: 3, matches: ["a.c", "a.c"] },
    ]);
  });

  test("counts more than it shows, and cuts long lines around the match", () => {
    const text = `${"x".repeat(5000)}needle${"y".repeat(5000)}\n`.repeat(10);
    const found = call("search_text", { text, pattern: "needle", max_results: 3 });
    expect(found).toMatchObject({ total: 10, truncated: true });
    expect(found.results).toHaveLength(3);
    expect(found.results[0].column).toBe(5001);
    expect(found.results[0].text).toMatch(/^…x+needley+…$/);
    expect(found.results[0].text.length).toBeLessThan(420);
  });

  test("an expression that takes a backtracking engine for ever is answered at once", () => {
    const text = "a".repeat(10_000);
    const found = call("search_text", { text, pattern: "^(a+)+$|(a|aa)+b", regex: true });
    expect(found.total).toBe(1);
  });

  test.each([
    ["(unclosed", /not a regular expression of RE2: .*: `?\(unclosed/],
    [String.raw`(a)\1`, /not a regular expression of RE2/],
  ])("says what is wrong with %s", (pattern, message) => {
    expect(() => call("search_text", { text: "x", pattern, regex: true })).toThrow(message);
  });

  test("names each argument that does not fit", () => {
    expect(() => call("search_text", { text: 1, pattern: "", context_lines: 2.5 })).toThrow(
      /text: [^]*pattern: [^]*context_lines: /,
    );
  });
});

/** 2,000 lines, none of which stands in such a text of another word. */
function linesOf(word: string): string {
  return Array.from({ length: 2000 }, (_, index) => `${word} ${index * 7}`).join("\n");
}

describe("diff_text", () => {
  test("gives the diff that `diff -u` gives, without its times", () => {
    const changed = LINES.map((line, index) => (index === 100 ? `${line} (sic)` : line)).filter(
      (_, index) => index !== 120,
    );
    const { diff, ...counts } = call("diff_text", {
      before: HANDBOOK,
      after: changed.join("\n"),
      before_name: "a/handbook.md",
      after_name: "b/handbook.md",
    });
    expect(counts).toEqual({ identical: false, added: 1, removed: 2 });
    const rows = diff.split("\n");
    expect(rows.slice(0, 3)).toEqual(["--- a/handbook.md", "+++ b/handbook.md", "@@ -98,7 +98,7 @@"]);
    expect(rows).toContain(`-${LINES[100]}`);
    expect(rows).toContain(`+${LINES[100]} (sic)`);
    expect(rows).toContain(`-${LINES[120]}`);
  });

  test("equal texts have no diff, and white space may be left out of account", () => {
    const same = { identical: true, added: 0, removed: 0, diff: "" };
    expect(call("diff_text", { before: HANDBOOK, after: HANDBOOK })).toEqual(same);
    expect(call("diff_text", { before: "a\n  b\n", after: "a\nb  \n", ignore_whitespace: true })).toEqual(
      same,
    );
    expect(call("diff_text", { before: "a\n  b\n", after: "a\nb  \n" }).identical).toBe(false);
  });

  test("a missing line end at the end is a change, and shows", () => {
    const { diff } = call("diff_text", { before: "a\nb", after: "a\nb\n" });
    expect(diff).toContain("\\ No newline at end of file");
  });

  test("texts that have next to nothing in common are refused, not compared for ever", () => {
    expect(() => call("diff_text", { before: linesOf("old"), after: linesOf("new") })).toThrow(
      "The texts differ in more than 1000 lines. Compare smaller parts of them.",
    );
  }, 120_000);
});

describe("extract", () => {
  test("lists what a document contains, with the lines", () => {
    const found = call("extract", {
      text: HANDBOOK,
      kinds: ["emails", "urls", "dates", "json", "code", "headings", "links", "tables"],
    });
    expect(found.emails).toEqual(["skipper@petrel.example", "stores+petrel@harbour.example.org"]);
    expect(found.urls).toEqual(["https://petrel.example/handbook", "https://mirror.example/petrel_(ketch)/"]);
    expect(found.dates.map(({ text, iso }: Record<string, string>) => [text, iso])).toEqual([
      ["12 March 2026", "2026-03-12"],
      ["2025-11-30", "2025-11-30"],
      ["November 3rd, 2026", "2026-11-03"],
      ["2026-11-03T18:45:00+01:00", "2026-11-03T18:45:00+01:00"],
      ["4. 5. 1998", "1998-05-04"],
    ]);
    expect(found.json).toHaveLength(3);
    expect(found.json[0]).toEqual({
      value: { chapter: 2, topic: "ropes", reviewed: true, parts: [1, 2, { note: "a } in a string" }] },
      line: LINES.findIndex((line) => line.startsWith('{"chapter": 2')) + 1,
    });
    expect(found.code).toHaveLength(6);
    expect(found.code).toContainEqual({
      language: "sh",
      code: "$ ketchctl report --topic sails # see skipper@petrel.example",
      line: LINES.findIndex((line) => line.startsWith("~~~sh")) + 1,
    });
    expect(found.headings[0]).toEqual({ level: 1, text: "Handbook of the ketch Petrel", line: 5 });
    expect(found.headings).toHaveLength(1 + 12 + 4 + 1);
    expect(found.links[1]).toMatchObject({ text: "the plan", url: "img/plan-1.png" });
    expect(found.links).toHaveLength(24);
    expect(found.tables).toHaveLength(4);
    const [table] = found.tables;
    expect(table.columns).toEqual(["Item", "Interval", "Cost (EUR)"]);
    expect(table.rows).toHaveLength(4);
    expect(found.truncated).toEqual([]);
  });

  test("lists no more than it is asked to, and says so", () => {
    const found = call("extract", {
      text: HANDBOOK,
      kinds: ["headings", "emails"],
      max_results: 2,
    });
    expect(found).toMatchObject({ headings: { length: 2 }, emails: { length: 2 }, truncated: ["headings"] });
    expect(Object.keys(found).sort()).toEqual(["emails", "headings", "truncated"]);
  });

  test("finds JSON in prose and not what only looks like it", () => {
    const text = 'He said {not json} and [see {"a": [1, "]"]}] then "{" and [1, 2\n and {"open": ';
    expect(call("extract", { text, kinds: ["json"] })).toEqual({
      json: [{ value: { a: [1, "]"] }, line: 1 }],
      truncated: [],
    });
  });

  test("what is in code is not a heading, a link or a table", () => {
    const text = "````md\n# no\n[no](x)\n```\n| a | b |\n|---|---|\n````\n# yes\n";
    const found = call("extract", {
      text,
      kinds: ["headings", "links", "tables", "code"],
    });
    expect(found).toMatchObject({ headings: [{ text: "yes" }], links: [], tables: [] });
    expect(found.code).toMatchObject([{ language: "md", code: "# no\n[no](x)\n```\n| a | b |\n|---|---|" }]);
  });

  test.each([
    ["emails", "a.".repeat(50_000)],
    ["emails", `a@${"b.".repeat(50_000)}`],
    ["urls", "https://".repeat(20_000)],
    ["dates", "1 ".repeat(50_000)],
    ["code", "`".repeat(100_000)],
    ["headings", `# ${"#".repeat(100_000)} x`],
    ["links", "[".repeat(100_000)],
    ["links", "[](".repeat(30_000)],
    ["tables", `|\n|${"-".repeat(1900)} x\n`.repeat(50)],
  ])("looks for %s in a hostile text without getting stuck", (kind, text) => {
    expect(call("extract", { text, kinds: [kind] }).truncated).toBeInstanceOf(Array);
  });

  test("a text of open brackets is refused", () => {
    expect(() => call("extract", { text: "[".repeat(500_000), kinds: ["json"] })).toThrow(
      "The text has too many brackets that are never closed",
    );
  });
});

describe("hash_text", () => {
  test.each(["sha-1", "sha-256", "sha-384", "sha-512"])("%s is what Node computes", (algorithm) => {
    const name = algorithm.replace("-", "");
    const text = `${HANDBOOK}äöü€😀`;
    expect(call("hash_text", { text, algorithm })).toEqual({
      hash: createHash(name).update(text).digest("hex"),
      algorithm,
      bytes: Buffer.byteLength(text),
    });
    expect(call("hash_text", { text, algorithm, key: "schlüssel", encoding: "base64url" })).toMatchObject({
      hash: createHmac(name, "schlüssel").update(text).digest("base64url"),
      algorithm: `hmac-${algorithm}`,
    });
  });

  test("an unknown algorithm is named", () => {
    expect(() => call("hash_text", { text: "x", algorithm: "crc32" })).toThrow(/algorithm: .*crc32/);
  });
});

describe("text_statistics", () => {
  test("counts a document", () => {
    const counted = call("text_statistics", { text: HANDBOOK, top_words: 2 });
    expect(counted).toMatchObject({
      characters: HANDBOOK.length,
      bytes: Buffer.byteLength(HANDBOOK),
      lines: LINES.length - 1,
      longest_line: Math.max(...LINES.map((line) => line.length)),
    });
    const always = HANDBOOK.match(/\bAlways\b/g)!.length;
    expect(counted.top_words).toEqual([{ word: "always", count: always }, expect.anything()]);
  });

  test("words keep their apostrophes and hyphens, in every script", () => {
    const text = "Don't re-use 'quotes'. Größe? Привет, мир! 3 apples\n\nlast";
    expect(call("text_statistics", { text, min_word_length: 1, top_words: 0 })).toMatchObject({
      words: 9,
      sentences: 3,
      paragraphs: 2,
      lines: 3,
      top_words: [],
    });
  });

  test("an empty text has nothing", () => {
    expect(call("text_statistics", { text: "" })).toMatchObject({
      characters: 0,
      words: 0,
      sentences: 0,
      lines: 0,
    });
  });
});
