import { ToolError } from "tenon";
import { lineCounter } from "./line-counter.ts";

const MAX_VALUE_LENGTH = 100_000;
/** Characters looked at, which are looked at again wherever a bracket stays open. */
const MAX_WORK = 1_000_000;

/** A JSON value inside a text. */
export interface FoundJson {
  readonly value: unknown;
  readonly line: number;
}

/**
 * JSON objects and arrays of at most 100,000 characters wherever they stand, the outermost ones.
 *
 * @throws ToolError when so many brackets stay open that looking at each would take too long.
 */
export function* findJson(text: string): Generator<FoundJson> {
  const lineAt = lineCounter(text);
  const opening = /[[{]/g;
  let work = 0;
  for (let match = opening.exec(text); match !== null; match = opening.exec(text)) {
    const start = match.index;
    const end = endOfValue(text, start);
    work += Math.abs(end) - start;
    if (work > MAX_WORK) {
      throw new ToolError(
        "The text has too many brackets that are never closed. Look for JSON in a part of it.",
      );
    }
    const found = end < 0 ? undefined : parsed(text.slice(start, end));
    if (found === undefined) continue;
    yield { value: found.value, line: lineAt(start) };
    opening.lastIndex = end;
  }
}

/** Where the bracket at `start` is closed; where the search for that ended, as a negative number, when it is not. */
function endOfValue(text: string, start: number): number {
  const token = /["[\]{}]/g;
  token.lastIndex = start;
  let depth = 0;
  for (let match = token.exec(text); match !== null; match = token.exec(text)) {
    const at = match.index;
    if (at - start > MAX_VALUE_LENGTH) return -at;
    if (match[0] === '"') {
      const end = endOfString(text, at);
      if (end === undefined) return -(at + 1);
      token.lastIndex = end;
    } else {
      depth += match[0] === "[" || match[0] === "{" ? 1 : -1;
      if (depth === 0) return at + 1;
    }
  }
  return -text.length;
}

/** The position after a string; nothing when it does not end on its line. */
function endOfString(text: string, start: number): number | undefined {
  const string = /"(?:[^"\\\r\n]|\\[^\r\n])*"/y;
  string.lastIndex = start;
  return string.test(text) ? string.lastIndex : undefined;
}

function parsed(text: string): { value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) as unknown };
  } catch {
    return undefined;
  }
}
