import { defineTool, ToolError } from "tenon";
import * as v from "valibot";
import { id, MAX_TEXT, summarize, summary, tags, text, title } from "./note.ts";
import { notesOf } from "./store.ts";

export const addNote = defineTool({
  name: "add_note",
  title: "Add a note",
  description: "Keeps a note for later. Answers with its id.",
  input: v.object({ title, text, tags: v.optional(tags, []) }),
  output: summary,
  annotations: { readOnlyHint: false, destructiveHint: false, openWorldHint: false },
  async run(note, ctx) {
    const store = await notesOf(ctx);
    return summarize(await store.add({ ...note, tags: distinct(note.tags) }));
  },
});

export const updateNote = defineTool({
  name: "update_note",
  title: "Change a note",
  description: "Changes what is given of a note's title, text and tags, or adds to the end of its text.",
  input: v.object({
    id,
    title: v.optional(title),
    text: v.optional(text),
    append: v.optional(
      v.pipe(v.string(), v.maxLength(MAX_TEXT), v.description("Added as a paragraph of its own")),
    ),
    tags: v.optional(tags),
  }),
  output: summary,
  annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: false, openWorldHint: false },
  async run({ id: noteId, append, ...changes }, ctx) {
    const store = await notesOf(ctx);
    const changed = await store.update(noteId, (note) => {
      const body = changes.text ?? note.text;
      const longer = append === undefined ? body : body === "" ? append : `${body}\n\n${append}`;
      if (longer.length > MAX_TEXT)
        throw new ToolError(`The text would be longer than ${MAX_TEXT} characters`);
      return {
        ...note,
        title: changes.title ?? note.title,
        text: longer,
        tags: changes.tags === undefined ? note.tags : distinct(changes.tags),
        updatedAt: Date.now(),
      };
    });
    if (changed === undefined) throw unknownNote(noteId);
    return summarize(changed);
  },
});

export const deleteNote = defineTool({
  name: "delete_note",
  title: "Delete a note",
  description: "Removes a note for good.",
  input: v.object({ id }),
  output: v.object({ deleted: summary }),
  annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: true, openWorldHint: false },
  async run({ id: noteId }, ctx) {
    const store = await notesOf(ctx);
    const removed = await store.remove(noteId);
    if (removed === undefined) throw unknownNote(noteId);
    return { deleted: summarize(removed) };
  },
});

/** The failure for an id that no note of the caller has. */
export function unknownNote(noteId: string): ToolError {
  return new ToolError(`There is no note "${noteId}": list_notes and search_notes give the ids there are`);
}

function distinct(words: readonly string[]): string[] {
  return [...new Set(words)];
}
