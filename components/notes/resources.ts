import { defineResource, defineResourceTemplate } from "tenon";
import { newestFirst } from "./find-notes.ts";
import { toMarkdown, uriOf } from "./note.ts";
import { notesOf } from "./store.ts";

export const index = defineResource({
  uri: "notes://index",
  name: "index",
  title: "All notes",
  description: "Titles and tags of all notes, those changed last first, with links to them",
  mimeType: "text/markdown",
  async read(_uri, ctx) {
    const store = await notesOf(ctx);
    const lines = newestFirst(await store.all()).map(({ id, title, tags }) => {
      const words = tags.map((word) => ` #${word}`).join("");
      return `- [${title.replaceAll(/[[\]\\]/g, String.raw`\$&`)}](${uriOf(id)})${words}`;
    });
    return `# Notes\n\n${lines.length === 0 ? "There are none." : lines.join("\n")}\n`;
  },
});

export const note = defineResourceTemplate({
  uriTemplate: "notes://note/{id}",
  name: "note",
  title: "A note",
  description: "The whole text of one note",
  mimeType: "text/markdown",
  complete: {
    async id(typed, ctx) {
      const store = await notesOf(ctx);
      const start = typed.toLowerCase();
      return newestFirst(await store.all())
        .filter(({ id, title }) => id.startsWith(start) || title.toLowerCase().startsWith(start))
        .map(({ id }) => id);
    },
  },
  async read({ id }, ctx) {
    const store = await notesOf(ctx);
    const found = await store.find(id);
    return found && toMarkdown(found);
  },
});
