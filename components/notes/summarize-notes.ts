import { definePrompt, ToolError, type PromptMessage } from "tenon";
import * as v from "valibot";
import { newestFirst } from "./find-notes.ts";
import { toMarkdown, uriOf } from "./note.ts";
import { withTag } from "./read-notes.ts";
import { notesOf } from "./store.ts";

const MAX_EMBEDDED = 20;

export const summarizeNotes = definePrompt({
  name: "summarize_notes",
  title: "Summarize notes",
  description: `Asks for a summary of the notes, or of those with a tag: the ${MAX_EMBEDDED} changed last`,
  arguments: v.object({
    tag: v.optional(v.pipe(v.string(), v.description("Only notes with this tag"))),
  }),
  complete: {
    async tag(typed, ctx) {
      const store = await notesOf(ctx);
      const words = new Set((await store.all()).flatMap(({ tags }) => tags));
      return [...words].filter((word) => word.startsWith(typed.toLowerCase())).sort();
    },
  },
  async get({ tag }, ctx) {
    const store = await notesOf(ctx);
    const notes = newestFirst(withTag(await store.all(), tag?.toLowerCase())).slice(0, MAX_EMBEDDED);
    if (notes.length === 0)
      throw new ToolError(tag === undefined ? "There are no notes" : `No note has the tag "${tag}"`);
    const embedded = notes.map((note): PromptMessage => ({
      role: "user",
      content: {
        type: "resource",
        resource: { uri: uriOf(note.id), mimeType: "text/markdown", text: toMarkdown(note) },
      },
    }));
    const request =
      "Summarize these notes: what they are about, what is decided, what is still to be done, and by when. Name the note each point comes from.";
    return { messages: [...embedded, { role: "user", content: { type: "text", text: request } }] };
  },
});
