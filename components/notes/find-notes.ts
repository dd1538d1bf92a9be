import type { Note } from "./note.ts";

const EXCERPT = 160;

/** Notes that contain every word of a query in their title, text or tags, whatever the case; newest first. */
export function findNotes(notes: readonly Note[], query: string): Note[] {
  const words = query
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== "");
  return newestFirst(
    notes.filter((note) => {
      const all = `${note.title}\n${note.tags.join(" ")}\n${note.text}`.toLowerCase();
      return words.every((word) => all.includes(word));
    }),
  );
}

/** Notes by the time of their last change. */
export function newestFirst(notes: readonly Note[]): Note[] {
  return [...notes].sort((a, b) => b.updatedAt - a.updatedAt || (a.id < b.id ? 1 : -1));
}

/** The part of a note's text around the first word of a query that occurs in it. */
export function excerpt({ text }: Note, query: string): string {
  const lower = text.toLowerCase();
  const at = query
    .toLowerCase()
    .split(/\s+/)
    .map((word) => (word === "" ? -1 : lower.indexOf(word)))
    .find((index) => index >= 0);
  const start = Math.max(0, (at ?? 0) - EXCERPT / 4);
  const part = text
    .slice(start, start + EXCERPT)
    .replaceAll(/\s+/g, " ")
    .trim();
  return `${start > 0 ? "…" : ""}${part}${start + EXCERPT < text.length ? "…" : ""}`;
}
