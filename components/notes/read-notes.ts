import { defineTool } from "tenon";
import * as v from "valibot";
import { excerpt, findNotes, newestFirst } from "./find-notes.ts";
import { id, summarize, summary, tag, type Note } from "./note.ts";
import { notesOf } from "./store.ts";
import { unknownNote } from "./write-notes.ts";

const onlyTag = v.optional(v.pipe(tag, v.description("Only notes with this tag")));
const readOnly = { readOnlyHint: true, openWorldHint: false };

export const listNotes = defineTool({
  name: "list_notes",
  title: "List notes",
  description: "Lists notes, those changed last first. Give `next` back as `start` for more.",
  input: v.object({
    tag: onlyTag,
    start: v.optional(v.pipe(v.number(), v.integer(), v.minValue(0)), 0),
    limit: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(200)), 50),
  }),
  output: v.object({
    notes: v.array(summary),
    total: v.number(),
    next: v.optional(v.pipe(v.number(), v.description("Absent when there are no more"))),
  }),
  annotations: readOnly,
  async run({ tag: wanted, start, limit }, ctx) {
    const store = await notesOf(ctx);
    const notes = newestFirst(withTag(await store.all(), wanted));
    const end = start + limit;
    return {
      notes: notes.slice(start, end).map(summarize),
      total: notes.length,
      ...(end < notes.length ? { next: end } : {}),
    };
  },
});

export const searchNotes = defineTool({
  name: "search_notes",
  title: "Search notes",
  description: "Finds notes that contain every word of the query in their title, text or tags.",
  input: v.object({
    query: v.pipe(v.string(), v.trim(), v.minLength(1), v.maxLength(200)),
    tag: onlyTag,
    limit: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(100)), 20),
  }),
  output: v.object({
    notes: v.array(v.object({ ...summary.entries, excerpt: v.string() })),
    total: v.number(),
  }),
  annotations: readOnly,
  async run({ query, tag: wanted, limit }, ctx) {
    const store = await notesOf(ctx);
    const found = findNotes(withTag(await store.all(), wanted), query);
    return {
      notes: found.slice(0, limit).map((note) => ({ ...summarize(note), excerpt: excerpt(note, query) })),
      total: found.length,
    };
  },
});

export const readNote = defineTool({
  name: "read_note",
  title: "Read a note",
  description: "Gives the whole text of a note.",
  input: v.object({ id }),
  output: v.object({ ...summary.entries, text: v.string(), created_at: v.string() }),
  annotations: readOnly,
  async run({ id: noteId }, ctx) {
    const store = await notesOf(ctx);
    const note = await store.find(noteId);
    if (note === undefined) throw unknownNote(noteId);
    return { ...summarize(note), text: note.text, created_at: new Date(note.createdAt).toISOString() };
  },
});

/** The notes that have a tag; all of them when none is asked for. */
export function withTag(notes: readonly Note[], wanted: string | undefined): readonly Note[] {
  return wanted === undefined ? notes : notes.filter((note) => note.tags.includes(wanted));
}
