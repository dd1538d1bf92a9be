/** One line of a host's log. */
export interface LogEntry {
  level: string;
  source?: string | undefined;
  /** Of the request in whose call it was written. Set by the host: no guest has a say in it. */
  requestId?: string | undefined;
  message: string;
  /** Further members as the text of a JSON object. */
  fields?: string | undefined;
}

// JSON escapes control characters up to U+001F; terminals and log readers act on these as well.
// oxlint-disable-next-line no-control-regex
const CONTROLS = /[\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g;

/** In UTF-16 code units; longer texts are not looked at by a pattern, which takes memory for each character. */
const MAX_PLAIN_LENGTH = 4096;
const PLAIN = "[ !#-\\[\\]-~]*";
const PLAIN_TEXT = new RegExp(`^${PLAIN}$`);
const SCALAR = `"${PLAIN}"|-?(?:0|[1-9]\\d{0,14})|true|false|null`;
const objectOf = (value: string): string => `\\{(?:"${PLAIN}":(?:${value})(?:,(?=")|(?=\\})))*\\}`;
/** An object as most are that are logged: nothing in it is escaped or to be escaped, and its members lie two levels deep at most. */
const PLAIN_OBJECT = new RegExp(`^${objectOf(`${SCALAR}|${objectOf(SCALAR)}`)}$`);

/** The time of the line before, in milliseconds and as text: many lines are of one millisecond. */
let knownTime = NaN;
let knownText = "";

/** A log entry as one line of JSON, with nothing in it that a terminal would act on. */
export function logLine({ level, source, requestId, message, fields }: LogEntry, time: Date): string {
  let line = `{"time":"${timeText(time)}","level":${quoted(level)}`;
  if (source !== undefined) line += `,"source":${quoted(source)}`;
  if (requestId !== undefined) line += `,"requestId":${quoted(requestId)}`;
  line += `,"message":${quoted(message)}`;
  if (fields !== undefined) line += `,"fields":${fieldsText(fields)}`;
  return `${line}}`;
}

function timeText(time: Date): string {
  if (time.getTime() !== knownTime) {
    knownText = time.toISOString();
    knownTime = time.getTime();
  }
  return knownText;
}

function isMatch(pattern: RegExp, text: string): boolean {
  return text.length <= MAX_PLAIN_LENGTH && pattern.test(text);
}

function quoted(text: string): string {
  return isMatch(PLAIN_TEXT, text) ? `"${text}"` : printable(text);
}

/** What is not a JSON object is kept as the text it is. Reading each and printing it again would cost more than the rest of its line. */
function fieldsText(text: string): string {
  if (isMatch(PLAIN_OBJECT, text)) return text;
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return printable(value);
  } catch {
    // Kept as text below.
  }
  return printable(text);
}

function printable(value: string | object): string {
  return JSON.stringify(value).replace(CONTROLS, escaped);
}

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}
