import { lineCounter } from "./line-counter.ts";

// Every repetition in these expressions is bounded, or ends at a character that it cannot contain, so that the time
// grows with the text and not faster.
const NAME = String.raw`[^\s@<>()[\]{},;:"'\\|/]`;
const LABEL = String.raw`[^\s!-,./:-@[-\x60{-~«»„“”…。]`;
const EMAIL = new RegExp(`${NAME}{1,64}@(?:${LABEL}{1,63}\\.){1,8}(?!\\d)${LABEL}{2,63}`, "gu");
const URL_START = /\b(?:https?|ftp):\/\/[^\s<>"'`{}|\\^]{1,2000}/giu;

/** E-mail addresses, each once. */
export function* findEmails(text: string): Generator<string> {
  yield* unique(text.matchAll(EMAIL), ([address]) => address.replace(/^[.%+-]+/, ""));
}

/** URLs with a scheme, each once, without the punctuation of the sentence they stand in. */
export function* findUrls(text: string): Generator<string> {
  yield* unique(text.matchAll(URL_START), ([url]) => withoutPunctuation(url));
}

function* unique<Item>(items: Iterable<Item>, name: (item: Item) => string): Generator<string> {
  const seen = new Set<string>();
  for (const item of items) {
    const value = name(item);
    if (value === "" || seen.has(value)) continue;
    seen.add(value);
    yield value;
  }
}

const PAIRS: Readonly<Record<string, string>> = { ")": "(", "]": "[" };

/** A closing bracket belongs to a URL that has as many opening ones. */
function withoutPunctuation(url: string): string {
  for (let end = url.length; end > 0; end--) {
    const last = url[end - 1]!;
    const opening = PAIRS[last];
    if (opening === undefined ? !/[.,;:!?*_~]/.test(last) : isBalanced(url.slice(0, end), opening, last)) {
      return url.slice(0, end);
    }
  }
  return "";
}

function isBalanced(text: string, opening: string, closing: string): boolean {
  return text.split(opening).length >= text.split(closing).length;
}

const MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const MONTH =
  "(?<month>jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\\.?";
const DAY = "(?<day>\\d{1,2})(?:st|nd|rd|th)?";
const YEAR = "(?<year>\\d{4})";
const TIME = "(?<time>[T ]\\d{2}:\\d{2}(?::\\d{2}(?:\\.\\d{1,9})?)?(?:Z|[+-]\\d{2}:?\\d{2})?)?";

const DATE_FORMS = [
  `${YEAR}-(?<number>\\d{2})-(?<day>\\d{2})${TIME}`,
  `(?<day>\\d{1,2})\\.\\s?(?<number>\\d{1,2})\\.\\s?${YEAR}`,
  `${DAY}\\s(?:of\\s)?${MONTH},?\\s${YEAR}`,
  `${MONTH}\\s${DAY},?\\s${YEAR}`,
].map((form) => new RegExp(`(?<![\\w-])${form}(?![\\w-])`, "giu"));

/** A date as it is written, and in ISO 8601. */
export interface FoundDate {
  readonly text: string;
  readonly iso: string;
  readonly line: number;
}

/**
 * Dates that can be read one way only: ISO 8601, with dots (day first) and with the name of the month in English. Those
 * with slashes are left out, as nothing says whether the day or the month comes first.
 */
export function* findDates(text: string): Generator<FoundDate> {
  const lineAt = lineCounter(text);
  const found = DATE_FORMS.flatMap((form) => [...text.matchAll(form)]);
  for (const match of found.sort((a, b) => a.index - b.index)) {
    const { year, month, number, day, time } = match.groups!;
    const monthNumber =
      number === undefined ? MONTHS.indexOf(month!.slice(0, 3).toLowerCase()) + 1 : Number(number);
    const iso = isoDate(Number(year), monthNumber, Number(day));
    if (iso === undefined) continue;
    yield { text: match[0], iso: iso + (time ?? "").replace(" ", "T"), line: lineAt(match.index) };
  }
}

/** Nothing for a day that the month does not have. */
function isoDate(year: number, month: number, day: number): string | undefined {
  const iso = [
    String(year).padStart(4, "0"),
    String(month).padStart(2, "0"),
    String(day).padStart(2, "0"),
  ].join("-");
  const date = new Date(`${iso}T00:00:00Z`);
  return Number.isNaN(date.getTime()) || date.getUTCDate() !== day ? undefined : iso;
}
