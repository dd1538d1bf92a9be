import { RE2JS, RE2JSSyntaxException } from "re2js";
import { defineTool, ToolError } from "tenon";
import * as v from "valibot";
import { SAME_FOR_ALL } from "./same-for-all.ts";
import { count, flag, linesOf, text, whole } from "./text-argument.ts";

/** Characters of a line that are shown: around its first match where it is longer. */
const MAX_SHOWN = 400;
const MAX_MATCHES_OF_A_LINE = 20;

export const searchText = defineTool({
  name: "search_text",
  title: "Search text",
  description:
    "Finds the lines of a text that contain a word or match a regular expression, with the lines around them. " +
    "Use it to look something up in a long text instead of reading all of it.",
  input: v.object({
    text: text("The text to search"),
    pattern: v.pipe(
      v.string(),
      v.minLength(1),
      v.maxLength(500),
      v.description("What to look for; it matches within one line"),
    ),
    regex: flag(
      "True when the pattern is a regular expression in RE2 syntax (no backreferences and no lookaround)",
    ),
    ignore_case: flag("True when upper and lower case are the same"),
    context_lines: count("How many lines to show before and after each match", {
      least: 0,
      most: 20,
      usual: 2,
    }),
    max_results: count("How many matching lines to show", { least: 1, most: 500, usual: 50 }),
  }),
  output: v.object({
    total: whole("How many lines match, shown or not"),
    truncated: v.pipe(v.boolean(), v.description("True when more lines match than are shown")),
    results: v.array(
      v.object({
        line: whole("From 1"),
        column: whole("Of the first match, from 1"),
        matches: v.array(v.string()),
        text: v.string(),
        before: v.array(v.string()),
        after: v.array(v.string()),
      }),
    ),
  }),
  annotations: { readOnlyHint: true, openWorldHint: false },
  cache: SAME_FOR_ALL,
  run({ text: content, pattern, regex, ignore_case, context_lines, max_results }) {
    const matchesOf = regex ? expressionMatcher(pattern, ignore_case) : wordMatcher(pattern, ignore_case);
    const lines = linesOf(content);
    const results = [];
    let total = 0;
    for (const [index, line] of lines.entries()) {
      const [first, ...others] = matchesOf(line);
      if (first === undefined) continue;
      total += 1;
      if (results.length === max_results) continue;
      results.push({
        line: index + 1,
        column: first.start + 1,
        matches: [first, ...others].map((match) => shown(match.text, 0)),
        text: shown(line, first.start),
        before: lines.slice(Math.max(0, index - context_lines), index).map((other) => shown(other, 0)),
        after: lines.slice(index + 1, index + 1 + context_lines).map((other) => shown(other, 0)),
      });
    }
    return { total, truncated: total > results.length, results };
  },
});

interface Match {
  readonly start: number;
  readonly text: string;
}

/** Gives the matches in a line, at most {@link MAX_MATCHES_OF_A_LINE}. */
type Matcher = (line: string) => Match[];

function wordMatcher(word: string, ignoreCase: boolean): Matcher {
  const literal = word.replaceAll(/[\\^$.*+?()[\]{}|/]/g, String.raw`\$&`);
  const expression = new RegExp(literal, ignoreCase ? "giu" : "gu");
  return (line) => {
    const matches: Match[] = [];
    expression.lastIndex = 0;
    for (let match = expression.exec(line); match !== null; match = expression.exec(line)) {
      matches.push({ start: match.index, text: match[0] });
      if (matches.length === MAX_MATCHES_OF_A_LINE) break;
    }
    return matches;
  };
}

/** RE2 matches in time linear in the text, whatever the expression is; the engine's own expressions do not. */
function expressionMatcher(pattern: string, ignoreCase: boolean): Matcher {
  const expression = compile(pattern, ignoreCase);
  return (line) => {
    const matches: Match[] = [];
    if (!expression.test(line)) return matches;
    const matcher = expression.matcher(line);
    while (matches.length < MAX_MATCHES_OF_A_LINE && matcher.find()) {
      matches.push({ start: matcher.start(), text: matcher.group() ?? "" });
    }
    return matches;
  };
}

function compile(pattern: string, ignoreCase: boolean): RE2JS {
  try {
    return RE2JS.compile(pattern, ignoreCase ? RE2JS.CASE_INSENSITIVE : 0);
  } catch (error) {
    if (!(error instanceof RE2JSSyntaxException)) throw error;
    const at = error.getPattern();
    throw new ToolError(
      `The pattern is not a regular expression of RE2: ${error.getDescription()}${at === null ? "" : `: ${at}`}`,
    );
  }
}

function shown(line: string, at: number): string {
  if (line.length <= MAX_SHOWN) return line;
  const start = Math.max(0, Math.min(at - MAX_SHOWN / 4, line.length - MAX_SHOWN));
  const end = start + MAX_SHOWN;
  return `${start > 0 ? "…" : ""}${line.slice(start, end)}${end < line.length ? "…" : ""}`;
}
