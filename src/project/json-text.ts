import { parseTree, printParseErrorCode, type Node, type ParseError } from "jsonc-parser";
import type { SourceLocation } from "../errors/index.ts";

/** A JSON text that was read, and where its parts are. */
export interface JsonText {
  value: unknown;
  /**
   * The place of what a path of keys and indexes leads to: of the key for a member of an object, of the value for an
   * element of an array. Where the path leads to nothing, the place of the last step that exists.
   */
  locate: (at: readonly (string | number)[]) => SourceLocation;
}

/** Why a text is not JSON, and where. */
export interface JsonMistake {
  problem: string;
  /** The place, and any other that is part of the problem. */
  locations: SourceLocation[];
}

/**
 * Reads a JSON text strictly as RFC 8259 has it; a key that is given twice is a mistake as well.
 *
 * @param file What locations call the text.
 */
export function readJsonText(file: string, text: string): JsonText | JsonMistake {
  const location = (offset: number): SourceLocation => locationAt(file, text, offset);
  const errors: ParseError[] = [];
  let root: Node | undefined;
  try {
    root = parseTree(text, errors, {
      disallowComments: true,
      allowTrailingComma: false,
      allowEmptyContent: false,
    });
  } catch (error) {
    // The parser calls itself for each level.
    if (!(error instanceof RangeError)) throw error;
    return { problem: "it is nested too deeply", locations: [location(0)] };
  }
  const [first] = errors;
  if (first || root === undefined) {
    const { offset, length } = first ?? { offset: 0, length: 0 };
    const error = first ? printParseErrorCode(first.error) : "ValueExpected";
    const ended = text.slice(offset + length).trim() === "" && ENDED.has(error);
    return {
      problem: ended ? "the text ends too early" : describe(error, found(text, offset, length)),
      locations: [location(offset)],
    };
  }
  const twice = repeatedKey(root);
  if (twice) {
    const [name, earlier, later] = twice;
    return { problem: `key "${name}" is given twice`, locations: [location(later), location(earlier)] };
  }
  return { value: JSON.parse(text), locate: (at) => location(offsetOf(root, at)) };
}

const ENDED: ReadonlySet<string> = new Set([
  "ValueExpected",
  "CloseBraceExpected",
  "CloseBracketExpected",
  "ColonExpected",
]);

function describe(error: string, text: string): string {
  switch (error) {
    case "InvalidCommentToken":
    case "UnexpectedEndOfComment":
      return "JSON has no comments";
    case "PropertyNameExpected":
      return `a key in double quotes must stand here, found ${text}`;
    case "ValueExpected":
      return `a value must stand here, found ${text}`;
    case "ColonExpected":
      return `a colon must stand before ${text}`;
    case "CommaExpected":
      return `a comma must stand before ${text}`;
    case "UnexpectedEndOfString":
      return "the string is not closed on its line";
    case "InvalidCharacter":
      return "the string has a control character, which must be written as an escape";
    case "InvalidEscapeCharacter":
    case "InvalidUnicode":
      return "the string has an escape that JSON does not know";
    default:
      return `unexpected ${text}`;
  }
}

const MAX_SHOWN = 40;

function found(text: string, offset: number, length: number): string {
  const token = text.slice(offset, offset + Math.max(length, 1));
  const shown = token.length > MAX_SHOWN ? `${token.slice(0, MAX_SHOWN)}…` : token;
  return token.startsWith('"') ? shown : JSON.stringify(shown);
}

/** The first key that an object has twice, with the offsets of both. */
function repeatedKey(root: Node): [name: string, earlier: number, later: number] | undefined {
  const waiting = [root];
  for (let node = waiting.pop(); node; node = waiting.pop()) {
    const seen = new Map<string, number>();
    for (const child of node.children ?? []) {
      const [key, value] = child.type === "property" ? child.children! : [undefined, child];
      if (key) {
        const name = key.value as string;
        const earlier = seen.get(name);
        if (earlier !== undefined) return [name, earlier, key.offset];
        seen.set(name, key.offset);
      }
      if (value) waiting.push(value);
    }
  }
  return undefined;
}

function offsetOf(root: Node, at: readonly (string | number)[]): number {
  let node = root;
  let offset = root.offset;
  for (const step of at) {
    const isArray = node.type === "array";
    const child = isArray
      ? node.children?.[Number(step)]
      : node.children?.find((property) => property.children?.[0]?.value === String(step));
    const value = isArray ? child : child?.children?.[1];
    if (!child || !value) break;
    offset = child.offset;
    node = value;
  }
  return offset;
}

function locationAt(file: string, text: string, offset: number): SourceLocation {
  const before = text.slice(0, offset).split("\n");
  const lineStart = offset - before.at(-1)!.length;
  const lineText = text.slice(lineStart).split(/\r?\n/, 1)[0]!;
  return { file, line: before.length, column: offset - lineStart + 1, lineText };
}
