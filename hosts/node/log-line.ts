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

/** A log entry as one line of JSON, with nothing in it that a terminal would act on. */
export function logLine(entry: LogEntry, time: Date): string {
  const line = JSON.stringify({
    time: time.toISOString(),
    level: entry.level,
    ...(entry.source === undefined ? undefined : { source: entry.source }),
    ...(entry.requestId === undefined ? undefined : { requestId: entry.requestId }),
    message: entry.message,
    ...(entry.fields === undefined ? undefined : { fields: fieldsValue(entry.fields) }),
  });
  return line.replace(CONTROLS, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/** What is not a JSON object is kept as the text it is. */
function fieldsValue(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return value;
  } catch {
    // Kept as text below.
  }
  return text;
}
