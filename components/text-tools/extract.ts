import { defineTool } from "tenon";
import * as v from "valibot";
import { SAME_FOR_ALL } from "./same-for-all.ts";
import { findDates, findEmails, findUrls } from "./find-in-prose.ts";
import { findJson } from "./find-json.ts";
import { findCode, findHeadings, findLinks, findTables } from "./find-in-markdown.ts";
import { count, text, whole } from "./text-argument.ts";

const line = whole("Where it starts, from 1");

/** Each kind: how it is found, and what one of it looks like. */
const FINDERS = {
  emails: findEmails,
  urls: findUrls,
  dates: findDates,
  json: findJson,
  code: findCode,
  headings: findHeadings,
  links: findLinks,
  tables: findTables,
};

export const extract = defineTool({
  name: "extract",
  title: "Extract from text",
  description:
    "Lists what a text contains: e-mail addresses, URLs, dates, JSON values, and of Markdown the code blocks, headings, " +
    "links and tables. Addresses and URLs are listed once each.",
  input: v.object({
    text: text("The text to look through"),
    kinds: v.pipe(
      v.array(v.picklist(["emails", "urls", "dates", "json", "code", "headings", "links", "tables"])),
      v.minLength(1),
      v.maxLength(8),
      v.description("What to look for"),
    ),
    max_results: count("How many to list of each kind", { least: 1, most: 1000, usual: 100 }),
  }),
  output: v.object({
    emails: v.optional(v.array(v.string())),
    urls: v.optional(v.array(v.string())),
    dates: v.optional(
      v.array(v.object({ text: v.string(), iso: v.pipe(v.string(), v.description("ISO 8601")), line })),
    ),
    json: v.optional(v.array(v.object({ value: v.unknown(), line }))),
    code: v.optional(v.array(v.object({ language: v.optional(v.string()), code: v.string(), line }))),
    headings: v.optional(v.array(v.object({ level: whole(), text: v.string(), line }))),
    links: v.optional(v.array(v.object({ text: v.string(), url: v.string(), line }))),
    tables: v.optional(
      v.array(v.object({ columns: v.array(v.string()), rows: v.array(v.array(v.string())), line })),
    ),
    truncated: v.pipe(
      v.array(v.string()),
      v.description("The kinds of which the text has more than are listed"),
    ),
  }),
  annotations: { readOnlyHint: true, openWorldHint: false },
  cache: SAME_FOR_ALL,
  run({ text: content, kinds, max_results }) {
    const found: Partial<Record<Kind, unknown[]>> = {};
    const truncated: Kind[] = [];
    for (const kind of new Set(kinds)) {
      const { items, complete } = firstOf<unknown>(FINDERS[kind](content), max_results);
      found[kind] = items;
      if (!complete) truncated.push(kind);
    }
    return { ...(found as { [K in Kind]?: Found<K>[] }), truncated };
  },
});

type Kind = keyof typeof FINDERS;
type Found<K extends Kind> = ReturnType<(typeof FINDERS)[K]> extends Iterable<infer Item> ? Item : never;

function firstOf<Item>(all: Iterable<Item>, most: number): { items: Item[]; complete: boolean } {
  const items: Item[] = [];
  for (const item of all) {
    if (items.length === most) return { items, complete: false };
    items.push(item);
  }
  return { items, complete: true };
}
