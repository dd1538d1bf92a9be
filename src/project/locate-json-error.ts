/**
 * Says where a JSON text breaks, as `line 3, column 7: unexpected "}"`. `JSON.parse` tells the position of only some
 * errors, and of which depends on the version of Node, so the place is searched for: the end of the longest beginning
 * that more text could still complete.
 */
export function locateJsonError(text: string): string {
  let sound = 0;
  let broken = text.length + 1;
  while (broken - sound > 1) {
    const middle = (sound + broken) >> 1;
    if (isBeginningOfJson(text.slice(0, middle))) sound = middle;
    else broken = middle;
  }
  const lines = text.slice(0, sound).split("\n");
  const place = `line ${lines.length}, column ${lines.at(-1)!.length + 1}`;
  const state = sound < text.length ? `unexpected ${JSON.stringify(text[sound])}` : "the text ends too early";
  return `${place}: ${state}`;
}

function isBeginningOfJson(text: string): boolean {
  return TOKEN_ENDINGS.some((ending) => isCompleteOrCutShort(text + ending));
}

/** What can follow when the text stops inside a token: the rest of a literal, a number, a string or an escape. */
const TOKEN_ENDINGS = ["", "rue", "ue", "e", "alse", "lse", "se", "ull", "ll", "l"].concat([
  "0",
  '"',
  '\\"',
  '0"',
  '00"',
  '000"',
  '0000"',
]);

function isCompleteOrCutShort(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch (error) {
    const { message } = error as Error;
    const position = /^Expected .* at position (\d+)/.exec(message)?.[1];
    return position === undefined ? /end of JSON input/.test(message) : Number(position) >= text.length;
  }
}
