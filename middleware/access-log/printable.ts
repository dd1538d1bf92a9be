const MAX_LENGTH = 256;
const PLAIN = /^[ -~]{0,256}$/;
// C0 and C1 controls, line and paragraph separators, the characters that reorder or hide text, and halves of pairs.
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;

/** Text for a log: no character that a terminal or a viewer would act on, and at most 256 characters. */
export function printable(text: string): string {
  // Most texts are plain, and the engine sees that many times faster.
  if (PLAIN.test(text)) return text;
  const cut = text.length > MAX_LENGTH ? `${text.slice(0, MAX_LENGTH)}…` : text;
  return cut.replaceAll(UNPRINTABLE, "\ufffd");
}
