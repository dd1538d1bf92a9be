/** Width of a character in em. Fixed-width fonts are between 0.55 and 0.602. */
const ADVANCE = 0.61;

/** Sizes of text, in px. */
export const FONT = { title: 14, text: 11.5 } as const;

/** Columns that a text takes in a fixed-width font: two for each wide character, none for combining ones. */
export function columns(text: string): number {
  let all = 0;
  for (const character of text) {
    if (/\p{M}/u.test(character)) continue;
    all += isWide(character.codePointAt(0)!) ? 2 : 1;
  }
  return all;
}

/** Width in px. */
export function textWidth(text: string, size: number): number {
  return columns(text) * ADVANCE * size;
}

/** The text cut in its middle so that it takes at most `width` px: both ends of a name tell more than its middle. */
export function fit(text: string, width: number, size: number): string {
  const room = Math.floor(width / (ADVANCE * size));
  if (columns(text) <= room) return text;
  const characters = Array.from(text);
  let head = "";
  let tail = "";
  while (characters.length > 0) {
    const next = head.length <= tail.length ? characters.shift()! : characters.pop()!;
    if (columns(head + next + tail) + 1 > room) break;
    if (head.length <= tail.length) head += next;
    else tail = next + tail;
  }
  return `${head}…${tail}`;
}

/** East Asian wide and fullwidth characters, and pictographs. */
function isWide(code: number): boolean {
  return (
    code >= 0x1100 &&
    (code <= 0x115f ||
      (code >= 0x2e80 && code <= 0xa4cf) ||
      (code >= 0xac00 && code <= 0xd7a3) ||
      (code >= 0xf900 && code <= 0xfaff) ||
      (code >= 0xfe30 && code <= 0xfe6f) ||
      (code >= 0xff00 && code <= 0xff60) ||
      (code >= 0xffe0 && code <= 0xffe6) ||
      code >= 0x1f000)
  );
}
