import { linesOf } from "./text-argument.ts";

/** A line of Markdown outside code, with its number from 1. */
interface NumberedLine {
  readonly text: string;
  readonly line: number;
}

/** A block of code. */
export interface FoundCode {
  readonly language?: string;
  readonly code: string;
  readonly line: number;
}

interface Fence {
  readonly mark: string;
  readonly indent: number;
  readonly language: string;
  readonly line: number;
  readonly lines: string[];
}

const FENCE = /^( {0,3})(`{3,}|~{3,})[ \t]*([^\s`]*)/;

/** Fenced code blocks. One that is never closed reaches to the end of the text. */
export function* findCode(text: string): Generator<FoundCode> {
  for (const item of blocks(text)) {
    if (!("lines" in item)) continue;
    const code = item.lines.map((line) => withoutIndent(line, item.indent)).join("\n");
    yield { ...(item.language === "" ? {} : { language: item.language }), code, line: item.line };
  }
}

/** Headings with `#`, and those that are underlined with `=` or `-`. */
export function* findHeadings(text: string): Generator<{ level: number; text: string; line: number }> {
  let previous: NumberedLine | undefined;
  for (const { text: content, line } of prose(text)) {
    const [, marks, title] = /^ {0,3}(#{1,6})[ \t]+(.*)$/.exec(content) ?? [];
    if (marks !== undefined) {
      yield {
        level: marks.length,
        text: title!
          .trim()
          .replace(/(^|[ \t])#+$/, "")
          .trim(),
        line,
      };
    } else if (isUnderline(content) && previous?.line === line - 1 && isParagraph(previous.text)) {
      yield { level: content.includes("=") ? 1 : 2, text: previous.text.trim(), line: previous.line };
    }
    previous = { text: content, line };
  }
}

function isUnderline(line: string): boolean {
  return /^ {0,3}(?:=+|-{2,})[ \t]*$/.test(line);
}

function isParagraph(line: string): boolean {
  return (
    line.trim() !== "" && !/^ {0,3}(?:[-+*>|]|#{1,6}[ \t]|\d{1,9}[.)][ \t])/.test(line) && !isUnderline(line)
  );
}

const LINK =
  /!?\[([^[\]]{0,500})\]\(<?([^\s()<>]{1,2000}(?:\([^\s()<>]{0,500}\)[^\s()<>]{0,500})?)>?(?:[ \t]+["'][^"']{0,500}["'])?\)/g;

/** Inline links and images. */
export function* findLinks(text: string): Generator<{ text: string; url: string; line: number }> {
  for (const { text: content, line } of prose(text)) {
    for (const [, label, url] of content.matchAll(LINK)) yield { text: label!.trim(), url: url!, line };
  }
}

/** A table; every row has as many cells as there are columns. */
export interface FoundTable {
  readonly columns: string[];
  readonly rows: string[][];
  readonly line: number;
}

const DELIMITER = /^\s*\|?\s*:?-+:?\s*(?:\|\s*:?-+:?\s*)*\|?\s*$/;

/** Tables in the style of GitHub: a head, a line of dashes, rows. */
export function* findTables(text: string): Generator<FoundTable> {
  const lines = [...prose(text)];
  for (let at = 0; at + 1 < lines.length; at++) {
    const [head, rule] = [lines[at]!, lines[at + 1]!];
    const isRule = rule.text.length <= 2000 && rule.text.includes("-") && DELIMITER.test(rule.text);
    if (!head.text.includes("|") || !isRule || rule.line !== head.line + 1) continue;
    const columns = cellsOf(head.text);
    if (cellsOf(rule.text).length !== columns.length) continue;
    const rows: string[][] = [];
    let next = at + 2;
    for (; next < lines.length && lines[next]!.line === head.line + 2 + rows.length; next++) {
      if (!lines[next]!.text.includes("|")) break;
      const cells = cellsOf(lines[next]!.text);
      rows.push(columns.map((_, index) => cells[index] ?? ""));
    }
    yield { columns, rows, line: head.line };
    at = next - 1;
  }
}

/** The cells of a row; `\|` is no border. */
function cellsOf(row: string): string[] {
  const inner = row
    .trim()
    .replace(/^\|/, "")
    .replace(/(?<!\\)\|$/, "");
  return inner.split(/(?<!\\)\|/).map((cell) => cell.trim().replaceAll("\\|", "|"));
}

/** Lines of Markdown outside fenced code. */
function* prose(text: string): Generator<NumberedLine> {
  for (const item of blocks(text)) if ("text" in item) yield item;
}

function* blocks(text: string): Generator<NumberedLine | Fence> {
  let fence: Fence | undefined;
  const lines = linesOf(text);
  const start = frontMatterLength(lines);
  for (const [index, line] of lines.entries()) {
    if (index < start) continue;
    const [, indent, mark, language] = FENCE.exec(line) ?? [];
    if (fence === undefined) {
      if (mark === undefined) yield { text: line, line: index + 1 };
      else fence = { mark, indent: indent!.length, language: language!, line: index + 1, lines: [] };
    } else if (mark !== undefined && closes(fence, mark, line)) {
      yield fence;
      fence = undefined;
    } else {
      fence.lines.push(line);
    }
  }
  if (fence !== undefined) yield fence;
}

/** How many lines at the start are data about the document, between lines of three hyphens. */
function frontMatterLength(lines: readonly string[]): number {
  return lines[0] === "---" ? lines.indexOf("---", 1) + 1 : 0;
}

function closes(fence: Fence, mark: string, line: string): boolean {
  return mark[0] === fence.mark[0] && mark.length >= fence.mark.length && line.trim() === mark;
}

function withoutIndent(line: string, indent: number): string {
  const spaces = /^ */.exec(line)![0].length;
  return line.slice(Math.min(spaces, indent));
}
