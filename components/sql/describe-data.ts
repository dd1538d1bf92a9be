import type { SqlPrimitive } from "squirreling";
import { defineTool } from "tenon";
import * as v from "valibot";
import { readTables, tablesArgument } from "./tables-argument.ts";

const MAX_DISTINCT = 1000;
const count = v.pipe(v.number(), v.integer());

export const describeData = defineTool({
  name: "describe_data",
  title: "Describe data",
  description:
    "Tells the columns of tables that are given as CSV or JSON: their types, empty cells, distinct values, least and " +
    "greatest, and some rows. Use it before a query.",
  input: v.object({
    tables: tablesArgument,
    sample_rows: v.optional(v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(50)), 3),
  }),
  output: v.object({
    tables: v.array(
      v.object({
        name: v.string(),
        rows: count,
        columns: v.array(
          v.object({
            name: v.string(),
            type: v.pipe(
              v.string(),
              v.description("`number`, `boolean`, `text`, `object`, `empty` or `mixed`"),
            ),
            empty: count,
            distinct: v.pipe(count, v.description(`Counted up to ${MAX_DISTINCT}`)),
            least: v.optional(v.union([v.number(), v.string()])),
            greatest: v.optional(v.union([v.number(), v.string()])),
          }),
        ),
        sample: v.array(v.array(v.unknown())),
      }),
    ),
  }),
  annotations: { readOnlyHint: true, openWorldHint: false },
  run({ tables, sample_rows }) {
    const described = [...readTables(tables)].map(([name, { columns, rows }]) => ({
      name,
      rows: rows.length,
      columns: columns.map((column) => ({
        name: column,
        ...describeColumn(rows.map((row) => row[column] ?? null)),
      })),
      sample: rows.slice(0, sample_rows).map((row) => columns.map((column) => row[column])),
    }));
    return { tables: described };
  },
});

function describeColumn(cells: readonly SqlPrimitive[]) {
  const given = cells.filter((cell) => cell !== null);
  const types = new Set(given.map(typeOf));
  const type = types.size > 1 ? "mixed" : ([...types][0] ?? "empty");
  const values = new Set<SqlPrimitive>();
  for (const cell of given) {
    if (values.size === MAX_DISTINCT) break;
    values.add(typeof cell === "object" ? JSON.stringify(cell) : cell);
  }
  const range = type === "number" || type === "text" ? rangeOf(given as (number | string)[]) : {};
  return { type, empty: cells.length - given.length, distinct: values.size, ...range };
}

function typeOf(cell: SqlPrimitive): string {
  return typeof cell === "string" ? "text" : typeof cell;
}

function rangeOf(cells: readonly (number | string)[]): { least: number | string; greatest: number | string } {
  let [least, greatest] = [cells[0]!, cells[0]!];
  for (const cell of cells) {
    if (cell < least) least = cell;
    if (cell > greatest) greatest = cell;
  }
  return { least: short(least), greatest: short(greatest) };
}

function short(cell: number | string): number | string {
  return typeof cell === "string" && cell.length > 100 ? `${cell.slice(0, 100)}…` : cell;
}
