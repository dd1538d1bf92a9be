import { provider } from "tenon";
import { listNotes, readNote, searchNotes } from "./read-notes.ts";
import { index, note } from "./resources.ts";
import { summarizeNotes } from "./summarize-notes.ts";
import { addNote, deleteNote, updateNote } from "./write-notes.ts";

export default provider({
  name: "notes",
  version: "1.0.0",
  title: "Notes",
  description: "Keeps notes: each caller has his own",
  tools: [addNote, listNotes, searchNotes, readNote, updateNote, deleteNote],
  resources: [index],
  resourceTemplates: [note],
  prompts: [summarizeNotes],
  capabilities: { kv: "keeps the notes, under the prefix notes/" },
});
