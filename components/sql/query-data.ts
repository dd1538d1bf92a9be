import { executeSql, parseSql, type QueryResults, type SqlPrimitive, type Statement } from "squirreling";
import { defineTool, ToolError } from "tenon";
import * as v from "valibot";
import { foldSubqueries } from "./fold-subqueries.ts";
import { readTables, tablesArgument } from "./tables-argument.ts";

/** Milliseconds before the host would stop the call, and lose what the instance has in memory. */
const MARGIN = 1000;

export const queryData = defineTool({
  name: "query_data",
  title: "Query data with SQL",
  description:
    "Runs a SQL SELECT over tables that are given as CSV or JSON: filters, joins, groups, aggregates, sorts, subqueries, CTEs. " +
    "Names with spaces or of other characters stand in double quotes, texts in single ones. " +
    "Use it to compute with data instead of doing so in your head.",
  input: v.object({
    sql: v.pipe(
      v.string(),
      v.minLength(1),
      v.maxLength(20_000),
      v.description(
        "One SELECT, such as: SELECT city, AVG(price) AS mean FROM sales GROUP BY city ORDER BY mean DESC",
      ),
    ),
    tables: tablesArgument,
    max_rows: v.optional(
      v.pipe(
        v.number(),
        v.integer(),
        v.minValue(1),
        v.maxValue(5000),
        v.description("How many rows of the result to give"),
      ),
      200,
    ),
  }),
  output: v.object({
    columns: v.array(v.string()),
    rows: v.array(v.array(v.unknown())),
    truncated: v.pipe(v.boolean(), v.description("True when the result has more rows than are given")),
  }),
  annotations: { readOnlyHint: true, openWorldHint: false },
  async run({ sql, tables, max_rows }, { deadline }) {
    const records = Object.fromEntries([...readTables(tables)].map(([name, { rows }]) => [name, rows]));
    const signal = timeLimit(deadline - MARGIN);
    const run = (query: Statement): QueryResults => executeSql({ query, tables: records, signal });
    let answer: { columns: string[]; rows: SqlPrimitive[][]; truncated: boolean };
    try {
      const statement = parseSql({ query: sql });
      await foldSubqueries(statement, async (subquery) => (await firstRows(run(subquery), Infinity)).rows);
      answer = await firstRows(run(statement), max_rows);
    } catch (error) {
      throw isOfTheQuery(error) ? new ToolError(`The query failed: ${error.message}`) : error;
    }
    if (signal.aborted) throw new ToolError("The query takes too long. Filter or aggregate before joining.");
    return { ...answer, rows: answer.rows.map((row) => row.map(plain)) };
  },
});

async function firstRows(
  result: QueryResults,
  most: number,
): Promise<{ columns: string[]; rows: SqlPrimitive[][]; truncated: boolean }> {
  const rows: SqlPrimitive[][] = [];
  let { columns } = result;
  for await (const row of result.rows()) {
    if (rows.length === most) return { columns, rows, truncated: true };
    columns = row.columns;
    const cells: SqlPrimitive[] = [];
    for (const column of columns) cells.push(await row.cells[column]!());
    rows.push(cells);
  }
  return { columns, rows, truncated: false };
}

/** The engine asks a signal before each row, and nothing else of it; a timer would not run while it works. */
function timeLimit(end: number): AbortSignal {
  const signal = {
    get aborted() {
      return Date.now() > end;
    },
  };
  return signal as AbortSignal;
}

/** What JSON has: infinities become null, as JSON.stringify has it. */
function plain(value: SqlPrimitive | undefined): unknown {
  if (value === undefined) return null;
  if (typeof value !== "bigint") return value;
  return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
}

/** Errors of the engine about a query have a place in it; others are its own faults. */
function isOfTheQuery(error: unknown): error is Error {
  return error instanceof Error && ("positionStart" in error || error.constructor === Error);
}
