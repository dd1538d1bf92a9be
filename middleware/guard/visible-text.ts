/**
 * What a reader of a JSON text sees, for patterns to be looked for in: escapes stand for their characters, and all else is as
 * it was. Whatever matches inside of a string matches here.
 */
export function unescaped(json: string): string {
  return json.includes("\\") ? json.replace(ESCAPES, characterOf) : json;
}

const ESCAPES = /\\(?:u[0-9a-fA-F]{4}|[^])/g;
const CONTROLS: Readonly<Record<string, string>> = { b: "\b", f: "\f", n: "\n", r: "\r", t: "\t" };

function characterOf(escape: string): string {
  const character = escape[1]!;
  if (character === "u") return String.fromCharCode(Number.parseInt(escape.slice(2), 16));
  return CONTROLS[character] ?? character;
}

/**
 * The text without some ways of writing that hide words from patterns: compatibility forms such as full-width letters become
 * what they stand for (Unicode's NFKC), invisible characters go, and letters written as tags become letters.
 */
export function unmasked(text: string): string {
  // ASCII has none of that, and each of these steps is slow.
  if (!OTHERS.test(text)) return text;
  const letters = text.includes("\udb40") ? text.replace(TAGS, letterOf) : text;
  return letters.replace(RUNS, (run) => run.normalize("NFKC")).replace(INVISIBLE, "");
}

const OTHERS = /[\u0080-\uffff]/;
const RUNS = /[\u0080-\uffff]+/g;
const TAGS = /\udb40[\udc20-\udc7e]/g;
// What Unicode calls default ignorable; of the planes beyond the first, the tags that are left and selectors of variants.
const INVISIBLE =
  /(?:\u034f|\u17b4|\u17b5|[\u180b-\u180f]|[\ufe00-\ufe0f]|[\u00ad\u061c\u115f\u1160\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff0-\ufff8]|\udb40[\udc00-\udfff])+/g;

function letterOf(tag: string): string {
  return String.fromCharCode(tag.charCodeAt(1) - 0xdc00);
}

/**
 * Replaces strings of a JSON text. Everything else in it, and each string that stays the same, is kept as it is written.
 *
 * @param replace Given what a string stands for.
 */
export function replaceStrings(json: string, replace: (text: string) => string): string {
  let result = "";
  let kept = 0;
  for (let open = json.indexOf('"'); open >= 0;) {
    const close = closingQuote(json, open);
    const written = json.slice(open + 1, close);
    const text = written.includes("\\") ? (JSON.parse(`"${written}"`) as string) : written;
    const replaced = replace(text);
    if (replaced !== text) {
      result += json.slice(kept, open) + JSON.stringify(replaced);
      kept = close + 1;
    }
    open = json.indexOf('"', close + 1);
  }
  return kept === 0 ? json : result + json.slice(kept);
}

/** @throws SyntaxError when the string does not end. */
function closingQuote(json: string, open: number): number {
  for (let close = json.indexOf('"', open + 1); close >= 0; close = json.indexOf('"', close + 1)) {
    let before = close - 1;
    while (json[before] === "\\") before -= 1;
    if ((close - before) % 2 === 1) return close;
  }
  throw new SyntaxError("a string of the result does not end");
}

// UTF-8 takes one byte more for these than UTF-16 has units: half a surrogate pair stands for two of four bytes.
const ONE_MORE = /[\u0080-\u07ff\ud800-\udfff]+/g;
const TWO_MORE = /[\u0800-\ud7ff\ue000-\uffff]+/g;

/** True when a text has more bytes of UTF-8. Patterns count them, because the engine runs them many times faster than a loop. */
export function isLonger(text: string, maxBytes: number): boolean {
  if (text.length > maxBytes) return true;
  if (text.length * 3 <= maxBytes) return false;
  return text.length + matchedLength(text, ONE_MORE) + 2 * matchedLength(text, TWO_MORE) > maxBytes;
}

function matchedLength(text: string, pattern: RegExp): number {
  return (text.match(pattern) ?? []).reduce((length, run) => length + run.length, 0);
}
