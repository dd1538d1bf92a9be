import type { Message } from "esbuild";
import { resolve } from "node:path";
import {
  describeLocation,
  displayPath,
  ToolkitError,
  type ErrorCode,
  type SourceLocation,
} from "../errors/index.ts";

const MAX_MESSAGES = 5;

/** The error for a module that does not build, from the bundler's messages. */
export function bundleError(entry: string, folder: string, messages: readonly Message[]): ToolkitError {
  const [first] = messages;
  const details = messages.slice(0, MAX_MESSAGES).flatMap((message, index) => {
    const { location } = message;
    const text = index === 0 ? [] : [message.text];
    if (location === null) return text;
    const { file, line, column, lineText } = location;
    return [
      ...text,
      ...describeLocation({ file: resolve(folder, file), line, column: column + 1, lineText }),
    ];
  });
  if (messages.length > MAX_MESSAGES) details.push(`and ${messages.length - MAX_MESSAGES} more errors`);
  const hint = messages.flatMap(({ notes, detail }) => hintOf(detail) ?? notes.map((note) => note.text))[0];
  return new ToolkitError(
    `Cannot build "${displayPath(entry)}": ${trim(first?.text ?? "the bundler failed")}`,
    {
      code: "ERR_BUILD_SOURCE",
      details,
      ...(hint === undefined ? {} : { hint: trim(hint) }),
    },
  );
}

/** The error for a module whose code fails, or whose definition is refused, while the build loads it. */
export function loadError(
  entry: string,
  problem: string,
  options: {
    code: ErrorCode;
    location?: SourceLocation | undefined;
    hint?: string | undefined;
    cause?: unknown;
  },
): ToolkitError {
  const { code, location, hint, cause } = options;
  return new ToolkitError(`Cannot build "${displayPath(entry)}": ${trim(problem)}`, {
    code,
    details: location === undefined ? [] : describeLocation(location),
    ...(hint === undefined ? {} : { hint }),
    ...(cause === undefined ? {} : { cause }),
  });
}

/** Our plugins leave hints where esbuild carries data of theirs through. */
function hintOf(detail: unknown): string[] | undefined {
  return typeof detail === "object" && detail !== null && "hint" in detail
    ? [String(detail.hint)]
    : undefined;
}

function trim(text: string): string {
  return text.replace(/\.$/, "");
}
