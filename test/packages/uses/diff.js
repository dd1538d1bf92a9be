import { applyPatch, createTwoFilesPatch, diffChars, diffLines, diffWords, parsePatch } from "diff";

const before = Array.from({ length: 200 }, (_, i) => `line ${i} of the text`).join("\n");
const after = before
  .replace("line 3 ", "row 3 ")
  .replace("line 77 of the text\n", "")
  .replace("line 150", "new\nline 150");

export default function use() {
  const patch = createTwoFilesPatch("a.txt", "b.txt", before, after, "", "", { context: 2 });
  return {
    patch,
    applied: applyPatch(before, patch) === after,
    hunks: parsePatch(patch)[0].hunks.length,
    words: diffWords("the quick brown fox", "the slow brown ox"),
    characters: diffChars("größe", "grösse"),
    lines: diffLines(before, after).length,
  };
}
