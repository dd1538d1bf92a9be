import * as v from "valibot";

/** At most, for one caller. */
export const MAX_NOTES = 1000;
export const MAX_TEXT = 64_000;

/** Schema of a note's title. */
export const title = v.pipe(
  v.string(),
  v.trim(),
  v.minLength(1),
  v.maxLength(200),
  v.description("What it is about"),
);

/** Schema of a note's text. */
export const text = v.pipe(v.string(), v.maxLength(MAX_TEXT), v.description("Markdown or plain text"));

/** Schema of one tag. */
export const tag = v.pipe(
  v.string(),
  v.trim(),
  v.toLowerCase(),
  v.regex(/^[^\s#,]{1,50}$/, "Expected one word without # and comma"),
);

/** Schema of a note's tags. */
export const tags = v.pipe(v.array(tag), v.maxLength(20), v.description("Words to find it by, such as work"));

/** Schema of a note's id. */
export const id = v.pipe(
  v.string(),
  v.regex(/^[0-9a-z]{13}$/, "Expected the id of a note, 13 digits and letters"),
  v.description("Id of the note, as add_note, list_notes or search_notes gave it"),
);

/** Schema of what lists say of a note. */
export const summary = v.object({
  id: v.string(),
  title: v.string(),
  tags: v.array(v.string()),
  updated_at: v.pipe(v.string(), v.description("ISO 8601")),
});

/** A note, as it is stored. */
export interface Note {
  readonly id: string;
  readonly title: string;
  readonly text: string;
  readonly tags: readonly string[];
  /** Milliseconds since 1970-01-01T00:00:00Z. */
  readonly createdAt: number;
  /** Milliseconds since 1970-01-01T00:00:00Z. */
  readonly updatedAt: number;
}

/** What lists say of a note. */
export function summarize({
  id: noteId,
  title: heading,
  tags: words,
  updatedAt,
}: Note): v.InferOutput<typeof summary> {
  return { id: noteId, title: heading, tags: [...words], updated_at: new Date(updatedAt).toISOString() };
}

/** A note as a Markdown document. */
export function toMarkdown({ title: heading, text: body, tags: words }: Note): string {
  const line = words.length === 0 ? "" : `${words.map((word) => `#${word}`).join(" ")}\n\n`;
  return `# ${heading}\n\n${line}${body}\n`;
}

/** The URI under which a note is a resource. */
export function uriOf(noteId: string): string {
  return `notes://note/${noteId}`;
}
