import { ToolError } from "tenon";
import * as v from "valibot";
import { readTable, type Table } from "./read-table.ts";

/** Schema of the tables of a call. */
export const tablesArgument = v.pipe(
  v.array(
    v.object({
      name: v.pipe(
        v.string(),
        v.regex(/^[A-Za-z_]\w{0,62}$/, "a table's name has letters, digits and _"),
        v.description("What the table is called in the query"),
      ),
      data: v.pipe(
        v.string(),
        v.maxLength(1_000_000),
        v.description("CSV that starts with a line of column names, a JSON array of objects, or JSON Lines"),
      ),
    }),
  ),
  v.minLength(1),
  v.maxLength(10),
);

/** @throws ToolError when one cannot be read, or two have one name. */
export function readTables(tables: v.InferOutput<typeof tablesArgument>): Map<string, Table> {
  const read = new Map<string, Table>();
  for (const { name, data } of tables) {
    if (read.has(name)) throw new ToolError(`Two tables are named "${name}"`);
    read.set(name, readTable(name, data));
  }
  return read;
}
