import { inspect } from "node:util";

const MAX_STALLED_BYTES = 1024 * 1024;

/** Takes a server's log for a person at the terminal. A reader that has stopped reading misses lines. */
export function logForPeople(lines: Uint8Array): void {
  const { isTTY, writableLength } = process.stderr;
  if (writableLength < MAX_STALLED_BYTES)
    process.stderr.write(logText(lines, isTTY && !process.env.NO_COLOR));
}

/** Turns the lines of a server's log, which are JSON, into lines for a person at a terminal. */
export function logText(lines: Uint8Array, colour: boolean): string {
  return Buffer.from(lines)
    .toString("utf8")
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => `${readable(line, colour)}\n`)
    .join("");
}

/** A line as the Node host writes it. */
interface Entry {
  time: string;
  level: string;
  source?: string;
  message: string;
  fields?: unknown;
}

function readable(line: string, colour: boolean): string {
  let entry: Entry;
  try {
    entry = JSON.parse(line) as Entry;
  } catch {
    return line;
  }
  const { time, level, source, message, fields } = entry;
  const paint = (style: "dim" | "red" | "yellow", text: string): string => {
    const [on, off] = inspect.colors[style]!;
    return colour ? `\u001b[${on}m${text}\u001b[${off}m` : text;
  };
  const clock = time.slice(11, 19);
  const style = /^(?:error|critical|alert|emergency)$/.test(level)
    ? "red"
    : level === "warning"
      ? "yellow"
      : "dim";
  const values = Object.entries(asObject(fields));
  const words = values
    .filter(([, value]) => !isBlock(value))
    .map(([key, value]) => `${printable(key)}=${plain(value)}`);
  const blocks = values.map(([, value]) => value).filter(isBlock);
  const head = [paint("dim", clock), paint(style, level.padEnd(7)), source === undefined ? "" : `${source}:`];
  const first = [...head.filter((part) => part !== ""), printable(message), ...words].join(" ");
  const below = blocks.flatMap((block) =>
    block
      .trim()
      .split("\n")
      .map((row) => row.trim()),
  );
  return [first, ...below.map((row) => `    ${printable(row)}`)].join("\n");
}

/** A stack, or another text of several lines, which stands below its entry. */
function isBlock(value: unknown): value is string {
  return typeof value === "string" && value.includes("\n");
}

function asObject(fields: unknown): Record<string, unknown> {
  if (fields === undefined) return {};
  return typeof fields === "object" && fields !== null ? { ...fields } : { fields };
}

function plain(value: unknown): string {
  const text = JSON.stringify(value) ?? "";
  // A word needs no quotes; everything else keeps them, so that nothing in it looks like another field.
  return /^"[\w./:-]+"$/.test(text) ? text.slice(1, -1) : printable(text);
}

/** What a guest wrote must not steer the terminal. */
function printable(text: string): string {
  // oxlint-disable-next-line no-control-regex
  const controls = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g;
  return text.replace(controls, (each) => `\\u${each.charCodeAt(0).toString(16).padStart(4, "0")}`);
}
