import { relative } from "node:path";

/** A place in a text file that a person wrote. */
export interface SourceLocation {
  /** Absolute, or relative to the working directory of the process. */
  file: string;
  /** From 1. */
  line: number;
  /** From 1. */
  column: number;
  lineText?: string;
}

/** A path as the person who started the command would write it. */
export function displayPath(path: string): string {
  const shown = relative(process.cwd(), path);
  return shown.startsWith("..") || shown === "" ? path : shown;
}

/** `file:line:column`, and the line itself where it is known: lines for the details of an error. */
export function describeLocation(location: SourceLocation): string[] {
  const { file, line, column, lineText } = location;
  const details = [`${displayPath(file)}:${line}:${column}`];
  if (lineText !== undefined && lineText.trim() !== "") {
    const start = Math.max(0, column - 80);
    details.push(`${line} | ${lineText.slice(start, start + 160).trimEnd()}`);
  }
  return details;
}
