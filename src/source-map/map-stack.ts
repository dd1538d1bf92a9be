import { originalName, originalPosition, type SourceMap } from "./source-map.ts";

/** What the engine calls the module that a component holds. */
const MODULE = "componentize-qjs:user.js";

const FRAME = /^ {4}at (.{1,200}) \((?:native|componentize-qjs:user\.js:(\d{1,7}):(\d{1,7}))\)$/;
const MAX_TEXT = 64 * 1024;
const MAX_FRAMES = 50;

/** True when a text may hold a stack of the engine; cheap, for the many that do not. */
export function mayHoldStack(text: string): boolean {
  return text.includes(MODULE);
}

/**
 * Rewrites the engine's stack frames in a text to places in the author's sources: `at run (src/tool.ts:12:5)`. Frames of
 * a package name the package, other frames become one line `…`, and those that end a stack are left out. All other lines stay. Texts over 64 Ki
 * characters stay as they are; of each stack the first 50 frames count.
 *
 * @param map Decoded when it is first needed; nothing when the component carries none, and then the text stays as it is.
 */
export function mapStack(text: string, map: () => SourceMap | undefined): string {
  if (text.length > MAX_TEXT || !mayHoldStack(text)) return text;
  const decoded = map();
  if (decoded === undefined) return text;
  const out: string[] = [];
  let frames: string[] = [];
  const endStack = (): void => {
    while (frames.at(-1) === ELSEWHERE) frames.pop();
    out.push(...frames);
    frames = [];
  };
  let seen = 0;
  for (const line of text.split("\n")) {
    const [, name, at, column] = FRAME.exec(line) ?? [];
    if (name === undefined) {
      endStack();
      seen = 0;
      out.push(line);
    } else if (seen < MAX_FRAMES) {
      seen += 1;
      const frame = at === undefined ? ELSEWHERE : mapFrame(decoded, name, Number(at), Number(column));
      if (frame !== ELSEWHERE || frames.at(-1) !== ELSEWHERE) frames.push(frame);
    }
  }
  endStack();
  return out.join("\n");
}

const ELSEWHERE = "    …";

function mapFrame(map: SourceMap, name: string, line: number, column: number): string {
  const position = originalPosition(map, line, column);
  if (position === undefined) return ELSEWHERE;
  const { source } = position;
  const place = isPackage(source) ? source : `${source}:${position.line}:${position.column}`;
  if (name === "<anonymous>") return `    at ${place}`;
  return `    at ${originalName(map, name, line, column) ?? name} (${place})`;
}

/** A package is mapped as a whole. */
function isPackage(source: string): boolean {
  return source.startsWith("node_modules/");
}
