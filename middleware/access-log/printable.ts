const MAX_LENGTH = 256;
const PLAIN = /^[ -~]{0,256}$/;
// C0 and C1 controls, line and paragraph separators, the characters that reorder or hide text, and halves of pairs.
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;

const MAX_REMEMBERED = 1000;

/** Plain texts that were seen: names and digests come again with each request, and a pattern takes 50 ns a character. */
const plain = new Set<string>();

/** Text for a log: no character that a terminal or a viewer would act on, and at most 256 characters. */
export function printable(text: string): string {
  if (plain.has(text)) return text;
  // Most texts are plain, and the engine sees that many times faster.
  if (PLAIN.test(text)) {
    if (plain.size === MAX_REMEMBERED) plain.clear();
    plain.add(text);
    return text;
  }
  const cut = text.length > MAX_LENGTH ? `${text.slice(0, MAX_LENGTH)}…` : text;
  return cut.replaceAll(UNPRINTABLE, "\ufffd");
}
