import Papa from "papaparse";
import type { SqlPrimitive } from "squirreling";
import { ToolError } from "tenon";

const MAX_COLUMNS = 500;
const MAX_ROWS = 100_000;

/** Rows of one table; each has every column. */
export interface Table {
  readonly columns: string[];
  readonly rows: Record<string, SqlPrimitive>[];
}

/**
 * Reads CSV with a head, a JSON array of objects, or JSON Lines: what starts with `[` or `{` is JSON.
 *
 * @throws ToolError when it is none of them, has no rows, or more than 500 columns or 100,000 rows.
 */
export function readTable(name: string, data: string): Table {
  const text = data.replace(/^\uFEFF/, "").trim();
  const table = /^[[{]/.test(text) ? fromJson(name, text) : fromCsv(name, text);
  if (table.columns.length > MAX_COLUMNS || table.rows.length > MAX_ROWS) {
    throw new ToolError(
      `Table "${name}" has ${table.columns.length} columns and ${table.rows.length} rows; at most ${MAX_COLUMNS} and ${MAX_ROWS} are read`,
    );
  }
  return table;
}

function fromJson(name: string, text: string): Table {
  const records = text.startsWith("[") ? parsed(name, text) : jsonLines(name, text);
  if (!Array.isArray(records) || records.length === 0) throw new ToolError(`Table "${name}" has no rows`);
  const columns = new Set<string>();
  for (const [index, record] of (records as unknown[]).entries()) {
    if (typeof record !== "object" || record === null || Array.isArray(record)) {
      throw new ToolError(`Row ${index + 1} of table "${name}" is not an object`);
    }
    for (const column of Object.keys(record)) columns.add(column);
  }
  const names = [...columns];
  const rows = (records as Record<string, SqlPrimitive>[]).map((record) =>
    rowOf(names, (column) => (Object.hasOwn(record, column) ? record[column]! : null)),
  );
  return { columns: names, rows };
}

function jsonLines(name: string, text: string): unknown[] {
  const lines = text.split("\n").filter((line) => line.trim() !== "");
  return lines.map((line, index) => parsed(name, line, `line ${index + 1} of `));
}

function parsed(name: string, text: string, where = ""): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    throw new ToolError(`Cannot read ${where}table "${name}" as JSON: ${(error as Error).message}`);
  }
}

function fromCsv(name: string, text: string): Table {
  const { data, errors } = Papa.parse<string[]>(text, { skipEmptyLines: "greedy" });
  const [problem] = errors.filter(({ type }) => type === "Quotes");
  if (problem !== undefined) {
    throw new ToolError(
      `Cannot read table "${name}" as CSV: ${problem.message} (row ${(problem.row ?? 0) + 1})`,
    );
  }
  const [head, ...records] = data;
  if (head === undefined || records.length === 0) {
    throw new ToolError(`Table "${name}" has no rows: CSV starts with a line of column names`);
  }
  const columns = distinct(head.map((cell, index) => cell.trim() || `column${index + 1}`));
  for (const [index, record] of records.entries()) {
    if (record.length > columns.length) {
      throw new ToolError(
        `Row ${index + 2} of table "${name}" has ${record.length} cells where the head has ${columns.length}`,
      );
    }
  }
  const readers = columns.map((_, index) => cellReader(records, index));
  const positions = new Map(columns.map((column, index) => [column, index]));
  const rows = records.map((record) =>
    rowOf(columns, (column) => {
      const index = positions.get(column)!;
      return readers[index]!(record[index] ?? "");
    }),
  );
  return { columns, rows };
}

function rowOf(
  columns: readonly string[],
  cell: (column: string) => SqlPrimitive,
): Record<string, SqlPrimitive> {
  const row = Object.create(null) as Record<string, SqlPrimitive>;
  for (const column of columns) row[column] = cell(column);
  return row;
}

/** `a, a, a` becomes `a, a_2, a_3`. */
function distinct(names: readonly string[]): string[] {
  const used = new Set<string>();
  return names.map((name) => {
    let candidate = name;
    for (let count = 2; used.has(candidate); count++) candidate = `${name}_${count}`;
    used.add(candidate);
    return candidate;
  });
}

type CellReader = (cell: string) => SqlPrimitive;

// A number is written as JSON writes it, so that 007 and +49 30 stay texts.
const NUMBER = /^-?(?:0|[1-9]\d{0,15})(?:\.\d+)?(?:[eE][+-]?\d{1,3})?$/;
const BOOLEAN = /^(?:true|false)$/i;

/** A column is of numbers or of truth values if all its cells are, the empty ones left out of account; else of texts. */
function cellReader(records: readonly string[][], index: number): CellReader {
  const all = (form: RegExp): boolean =>
    records.every((record) => isEmpty(record[index]) || form.test(record[index]!.trim()));
  const given =
    (read: CellReader): CellReader =>
    (cell) =>
      isEmpty(cell) ? null : read(cell);
  if (all(NUMBER)) return given(Number);
  if (all(BOOLEAN)) return given((cell) => cell.trim().toLowerCase() === "true");
  return given((cell) => cell);
}

function isEmpty(cell: string | undefined): boolean {
  return cell === undefined || cell.trim() === "";
}
