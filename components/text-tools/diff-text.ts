import { formatPatch, structuredPatch } from "diff";
import { defineTool, ToolError } from "tenon";
import * as v from "valibot";
import { SAME_FOR_ALL } from "./same-for-all.ts";
import { count, flag, text, whole } from "./text-argument.ts";

/** Lines removed and added, in sum: the time of a comparison grows with their square. */
const MAX_CHANGES = 1000;

const name = (usual: string) =>
  v.optional(
    v.pipe(
      v.string(),
      v.maxLength(200),
      v.regex(/^[^\r\n\t]*$/, "a name is one line"),
      v.description("What the diff calls this text"),
    ),
    usual,
  );

export const diffText = defineTool({
  name: "diff_text",
  title: "Compare two texts",
  description:
    "Compares two texts line by line and gives a unified diff, as `diff -u` and `git diff` write it. " +
    "The answer says whether they are identical.",
  input: v.object({
    before: text("The old text"),
    after: text("The new text"),
    before_name: name("before"),
    after_name: name("after"),
    context_lines: count("How many unchanged lines to show around each change", {
      least: 0,
      most: 100,
      usual: 3,
    }),
    ignore_whitespace: flag("True when lines that differ in leading or trailing white space are equal"),
  }),
  output: v.object({
    identical: v.boolean(),
    added: whole("Lines"),
    removed: whole("Lines"),
    diff: v.pipe(v.string(), v.description("A unified diff; empty when the texts are identical")),
  }),
  annotations: { readOnlyHint: true, openWorldHint: false },
  cache: SAME_FOR_ALL,
  run({ before, after, before_name, after_name, context_lines, ignore_whitespace }) {
    const patch = structuredPatch(before_name, after_name, before, after, undefined, undefined, {
      context: context_lines,
      ignoreWhitespace: ignore_whitespace,
      maxEditLength: MAX_CHANGES,
    });
    if (patch === undefined) {
      throw new ToolError(
        `The texts differ in more than ${MAX_CHANGES} lines. Compare smaller parts of them.`,
      );
    }
    const lines = patch.hunks.flatMap((hunk) => hunk.lines);
    const [added, removed] = ["+", "-"].map((sign) => lines.filter((line) => line.startsWith(sign)).length);
    const identical = lines.length === 0;
    return { identical, added: added!, removed: removed!, diff: identical ? "" : unified(patch) };
  },
});

/** Without the rule that only this library writes above the names. */
function unified(patch: ReturnType<typeof structuredPatch>): string {
  return formatPatch(patch).replace(/^=+\n/, "");
}
