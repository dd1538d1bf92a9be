import { beforeAll, describe, expect, test } from "vitest";
import { CONTEXT, type CompiledComponent } from "../fixtures/compiled-component.ts";
import { readyMade, structured } from "../fixtures/ready-made.ts";

let component: CompiledComponent;
beforeAll(async () => {
  component = await readyMade("sql");
});

function call(tool: string, args: object) {
  return structured(component.instantiate(), tool, args);
}

const COUNTRIES = ["DE", "FR", "JP", "US", "BR"];
const ORDERS = Array.from({ length: 800 }, (_, index) => ({
  id: index + 1,
  customer: (index * 37) % 60,
  amount: Math.round(((index * 7919) % 100_003) / 7) / 100,
  note: index % 10 === 0 ? `said "yes", and\nwent, no ${index}` : "",
  paid: index % 3 !== 0,
}));
const CUSTOMERS = Array.from({ length: 60 }, (_, index) => ({
  id: index,
  code: String(index).padStart(3, "0"),
  country: COUNTRIES[index % 5]!,
  tags: index % 2 === 0 ? ["even"] : null,
}));
const ORDERS_CSV = [
  "id,customer,amount,note,paid",
  ...ORDERS.map(({ id, customer, amount, note, paid }) =>
    [id, customer, amount, note === "" ? "" : `"${note.replaceAll('"', '""')}"`, paid].join(","),
  ),
].join("\r\n");
const TABLES = [
  { name: "orders", data: ORDERS_CSV },
  { name: "customers", data: JSON.stringify(CUSTOMERS) },
];

function query(sql: string, tables: object[] = TABLES, further: object = {}) {
  return call("query_data", { sql, tables, ...further });
}

describe("query_data", () => {
  test("joins, groups and sorts tables of CSV and JSON", () => {
    const totals = new Map<string, { count: number; sum: number }>();
    for (const { customer, amount, paid } of ORDERS) {
      if (!paid) continue;
      const { country } = CUSTOMERS[customer]!;
      const { count, sum } = totals.get(country) ?? { count: 0, sum: 0 };
      totals.set(country, { count: count + 1, sum: sum + amount });
    }
    const expected = [...totals]
      .sort(([, a], [, b]) => b.sum - a.sum)
      .map(([country, { count, sum }]) => [country, count, expect.closeTo(sum, 6)]);
    const { columns, rows, truncated } = query(`
      SELECT c.country, COUNT(*) AS n, SUM(o.amount) AS total
      FROM orders o JOIN customers c ON o.customer = c.id
      WHERE o.paid = true GROUP BY c.country ORDER BY total DESC`);
    expect(columns).toEqual(["country", "n", "total"]);
    expect(rows).toEqual(expected);
    expect(truncated).toBe(false);
  });

  test("subqueries, common table expressions and CASE work", () => {
    const mean = ORDERS.reduce((sum, { amount }) => sum + amount, 0) / ORDERS.length;
    const { rows } = query(`
      WITH big AS (SELECT * FROM orders WHERE amount > (SELECT AVG(amount) FROM orders))
      SELECT CASE WHEN paid THEN 'paid' ELSE 'open' END AS state, COUNT(*) AS n FROM big GROUP BY paid ORDER BY n`);
    const big = ORDERS.filter(({ amount }) => amount > mean);
    const paid = big.filter((order) => order.paid).length;
    expect(rows).toEqual([
      ["open", big.length - paid],
      ["paid", paid],
    ]);
  });

  test("subqueries that depend on the row around them, and those that do not, are both right", () => {
    const { rows } = query(
      `
      WITH eu AS (SELECT * FROM customers WHERE country IN ('DE', 'FR'))
      SELECT c.code, (SELECT COUNT(*) FROM few WHERE few.customer = c.id) AS n
      FROM eu c
      WHERE c.id IN (SELECT customer FROM few) AND EXISTS (SELECT 1 FROM eu WHERE country = 'FR')
        AND NOT EXISTS (SELECT 1 FROM eu WHERE country = 'JP') AND c.id < (SELECT MAX(id) FROM customers)
      ORDER BY c.code LIMIT 3`,
      [TABLES[1]!, { name: "few", data: JSON.stringify(ORDERS.slice(0, 40)) }],
    );
    const few = ORDERS.slice(0, 40);
    const expected = CUSTOMERS.filter(({ country, id }) => ["DE", "FR"].includes(country) && id < 59)
      .map(({ code, id }) => [code, few.filter(({ customer }) => customer === id).length])
      .filter(([, count]) => count !== 0);
    expect(rows).toEqual(expected.slice(0, 3));
  });

  test("cells keep their types, quotes and line ends", () => {
    const { rows } = query("SELECT note, paid, amount FROM orders WHERE id = 1 OR id = 2");
    expect(rows).toEqual([
      ['said "yes", and\nwent, no 0', false, ORDERS[0]!.amount],
      [null, true, ORDERS[1]!.amount],
    ]);
    const csv = "zip,phone,n,ok,mixed\n01234,+49 30,1.5e3,TRUE,1\n98765,112,,false,x\n";
    expect(query("SELECT * FROM t", [{ name: "t", data: csv }]).rows).toEqual([
      ["01234", "+49 30", 1500, true, "1"],
      ["98765", "112", null, false, "x"],
    ]);
  });

  test("reads JSON Lines, other separators, and columns of one name", () => {
    const lines = '{"a":1}\n{"b":"x"}\n';
    expect(query("SELECT * FROM t", [{ name: "t", data: lines }])).toMatchObject({
      columns: ["a", "b"],
      rows: [
        [1, null],
        [null, "x"],
      ],
    });
    expect(query("SELECT a, a_2 FROM t", [{ name: "t", data: "a;a;\n1;2;3\n4;5;6" }]).rows).toEqual([
      [1, 2],
      [4, 5],
    ]);
  });

  test("gives no more rows than it is asked for, and says so", () => {
    const { rows, truncated } = query("SELECT id FROM orders ORDER BY id DESC", TABLES, { max_rows: 2 });
    expect({ rows, truncated }).toEqual({ rows: [[800], [799]], truncated: true });
  });

  test("a name like one of an object's members is a column like any other", () => {
    const data = '[{"__proto__":1,"constructor":2,"toString":3}]';
    expect(query('SELECT "constructor", "toString" FROM t', [{ name: "t", data }]).rows).toEqual([[2, 3]]);
    expect(() => query("SELECT valueOf FROM t", [{ name: "t", data }])).toThrow(/valueOf/);
  });

  test.each([
    ["SELEC id FROM orders", /The query failed: Expected .*SELEC/],
    ["SELECT id FROM order_s", /The query failed: .*order_s/],
    ["SELECT nothing FROM orders", /The query failed: .*nothing/],
    ["SELECT foo(id) FROM orders", /The query failed: .*foo/i],
    ["DELETE FROM orders", /The query failed: /],
  ])("says what is wrong with %s", (sql, message) => {
    expect(() => query(sql)).toThrow(message);
  });

  test.each([
    ["", /Table "t" has no rows/],
    ["a,b\n", /Table "t" has no rows/],
    ["[]", /Table "t" has no rows/],
    ["[1]", /Row 1 of table "t" is not an object/],
    ['[{"a":1}', /Cannot read table "t" as JSON: /],
    ['{"a":1}\n{"a":', /Cannot read line 2 of table "t" as JSON: /],
    ["a,b\n1,2,3\n", /Row 2 of table "t" has 3 cells where the head has 2/],
    ['a,b\n"1,2\n', /Cannot read table "t" as CSV: /],
    [Array.from({ length: 501 }, (_, index) => `c${index}`).join(",") + "\n1", /501 columns/],
  ])("says what is wrong with the data %j", (data, message) => {
    expect(() => query("SELECT 1 FROM t", [{ name: "t", data }])).toThrow(message);
  });

  test("two tables of one name are refused", () => {
    expect(() => query("SELECT 1 FROM orders", [TABLES[0]!, TABLES[0]!])).toThrow(
      'Two tables are named "orders"',
    );
  });

  test("a query that would outlast its call ends before the host stops it", () => {
    const args = {
      sql: "SELECT COUNT(*) AS n FROM orders a JOIN orders b ON a.amount > b.amount JOIN orders c ON c.amount > a.amount",
      tables: TABLES,
    };
    const params = JSON.stringify({ name: "query_data", arguments: args });
    const request = { id: "1", method: "tools/call", target: "query_data", params };
    const instance = component.instantiate();
    // The clock of the fixture stands still, so the time is over from the start.
    const context = JSON.stringify({ ...JSON.parse(CONTEXT), deadline: 1_700_000_000_500 });
    const outcome = instance.handle(request, context);
    expect(outcome).toMatchObject({
      tag: "success",
      val: expect.stringContaining("The query takes too long"),
    });
    expect(
      structured(instance, "query_data", { sql: "SELECT COUNT(*) AS n FROM orders", tables: TABLES }).rows,
    ).toEqual([[800]]);
  });
});

test("describe_data tells types, empty cells, ranges and some rows", () => {
  const { tables } = call("describe_data", { tables: TABLES, sample_rows: 1 });
  expect(tables[0]).toMatchObject({ name: "orders", rows: 800, sample: [[1, 0, 0, ORDERS[0]!.note, false]] });
  expect(tables[0].columns).toEqual([
    { name: "id", type: "number", empty: 0, distinct: 800, least: 1, greatest: 800 },
    { name: "customer", type: "number", empty: 0, distinct: 60, least: 0, greatest: 59 },
    expect.objectContaining({ name: "amount", type: "number", empty: 0, least: 0 }),
    expect.objectContaining({ name: "note", type: "text", empty: 720, distinct: 80 }),
    { name: "paid", type: "boolean", empty: 0, distinct: 2 },
  ]);
  expect(tables[1].columns[1]).toMatchObject({ name: "code", type: "text", least: "000", greatest: "059" });
  expect(tables[1].columns[3]).toEqual({ name: "tags", type: "object", empty: 30, distinct: 1 });
});
