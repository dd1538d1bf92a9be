import { defineTool } from "tenon";
import * as v from "valibot";
import { SAME_FOR_ALL } from "./same-for-all.ts";
import { count, linesOf, text, whole } from "./text-argument.ts";

/** Letters and digits, with single apostrophes and hyphens before them. */
const WORD = /(?:['’-]?[\p{L}\p{N}])+/gu;
const SENTENCE_END = /[.!?…。！？]+(?=\s|["'”’)\]]|$)/gu;
const WORDS_PER_MINUTE = 230;

export const textStatistics = defineTool({
  name: "text_statistics",
  title: "Count words and lines",
  description:
    "Counts the characters, words, sentences, lines and paragraphs of a text exactly, and its most frequent words.",
  input: v.object({
    text: text("The text to count"),
    top_words: count("How many of the most frequent words to list", { least: 0, most: 100, usual: 10 }),
    min_word_length: count("Shorter words are left out of that list", { least: 1, most: 20, usual: 4 }),
  }),
  output: v.object({
    characters: whole("Unicode code points"),
    bytes: whole("Size in UTF-8"),
    words: whole(),
    sentences: whole(),
    lines: whole(),
    paragraphs: whole("Blocks of lines parted by empty lines"),
    longest_line: whole("Its length in code points"),
    reading_minutes: v.pipe(v.number(), v.description(`At ${WORDS_PER_MINUTE} words a minute`)),
    top_words: v.array(v.object({ word: v.string(), count: whole() })),
  }),
  annotations: { readOnlyHint: true, openWorldHint: false },
  cache: SAME_FOR_ALL,
  run({ text: content, top_words, min_word_length }) {
    const words = (content.match(WORD) ?? []).map((word) => word.replace(/^['’-]/, ""));
    const lines = linesOf(content);
    const { characters, bytes } = measure(content);
    return {
      characters,
      bytes,
      words: words.length,
      sentences: content.match(SENTENCE_END)?.length ?? (words.length > 0 ? 1 : 0),
      lines: lines.length,
      paragraphs: lines.filter((line, index) => line.trim() !== "" && !(lines[index - 1] ?? "").trim())
        .length,
      longest_line: lines.reduce((most, line) => Math.max(most, measure(line).characters), 0),
      reading_minutes: Math.round((words.length / WORDS_PER_MINUTE) * 10) / 10,
      top_words: mostFrequent(words, min_word_length).slice(0, top_words),
    };
  },
});

function measure(content: string): { characters: number; bytes: number } {
  let [characters, bytes] = [0, 0];
  for (const character of content) {
    const code = character.codePointAt(0)!;
    characters += 1;
    bytes += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
  }
  return { characters, bytes };
}

/** Words in lower case with how often they occur: the most frequent first, then by the alphabet. */
function mostFrequent(words: readonly string[], minLength: number): { word: string; count: number }[] {
  const counts = new Map<string, number>();
  for (const word of words) {
    if (word.length < minLength) continue;
    const key = word.toLowerCase();
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return [...counts]
    .map(([word, times]) => ({ word, count: times }))
    .sort((a, b) => b.count - a.count || (a.word < b.word ? -1 : 1));
}
