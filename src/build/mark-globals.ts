// The bundler knows which identifiers are free. It is told to write each name sought in a way nobody else would: with its first
// letter moved to the Yi syllables. What is left of them in the bundle is then found by a search, and no parser is needed. The
// length stays the same, so putting the names back moves nothing.
const YI = 0xa000;

/** Matches names that were marked. */
export const MARKED = /[\ua000-\ua07f][$\w]*/g;

/** How the bundler writes a free identifier that is sought; for a member of one, `object.member`, the two as one name. */
export function markOf(name: string): string {
  return String.fromCharCode(YI + name.charCodeAt(0)) + name.slice(1).replace(".", "$");
}
