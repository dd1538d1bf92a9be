import type { ExprNode, SqlPrimitive, Statement, WithStatement } from "squirreling";

/** The rows of a statement, each as its cells. */
export type Evaluate = (statement: Statement) => Promise<SqlPrimitive[][]>;

type CommonTables = WithStatement["ctes"];
type AnyNode = Record<string, unknown> & { type?: string; subquery?: Statement; expr?: ExprNode };

/** Values of a list that a column is compared with, one after the other. */
const MAX_VALUES = 1000;

/**
 * Puts its value in the place of each subquery that does not depend on the row around it: the engine would run it again for
 * every row. One that depends on the row cannot be run by itself, and stays.
 */
export async function foldSubqueries(statement: Statement, evaluate: Evaluate): Promise<void> {
  if (statement.type !== "with") return foldWithin(statement, [], evaluate);
  const { ctes, query } = statement;
  for (const [index, { query: body }] of ctes.entries()) {
    await foldWithin(body, ctes.slice(0, index), evaluate);
  }
  await foldWithin(query, ctes, evaluate);
}

async function foldWithin(holder: object, ctes: CommonTables, evaluate: Evaluate): Promise<void> {
  for (const [key, child] of Object.entries(holder)) {
    if (typeof child !== "object" || child === null) continue;
    await foldWithin(child as object, ctes, evaluate);
    const folded = await fold(child as AnyNode, ctes, evaluate);
    if (folded !== undefined) (holder as Record<string, unknown>)[key] = folded;
  }
}

async function fold(node: AnyNode, ctes: CommonTables, evaluate: Evaluate): Promise<object | undefined> {
  const { type, subquery } = node;
  if (subquery === undefined) return undefined;
  const { positionStart, positionEnd } = subquery;
  const place = { positionStart, positionEnd };
  const statement: Statement =
    ctes.length === 0 ? subquery : { type: "with", ctes, query: subquery, ...place };
  const rows = await evaluate(statement).catch(() => undefined);
  if (rows === undefined) return undefined;
  const literal = (value: SqlPrimitive) => ({ type: "literal", value, ...place });
  if (type === "subquery") return literal(rows[0]?.[0] ?? null);
  if (type === "exists") return literal(rows.length > 0);
  if (type === "not exists") return literal(rows.length === 0);
  if (type !== "in" || rows.length > MAX_VALUES) return undefined;
  const values = rows.map(([value]) => literal(value ?? null));
  return { ...node, type: "in valuelist", subquery: undefined, values };
}
