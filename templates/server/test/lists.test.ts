import assert from "node:assert/strict";
import { test } from "node:test";
import { connect } from "tenon/test";
import lists from "../src/lists.ts";

test("items are added, read and cleared", async () => {
  const client = await connect(lists, { kv: {} });
  await client.call("add_item", { list: "groceries", item: "bread" });
  const { structured } = await client.call("add_item", { list: "groceries", item: "salt" });
  assert.deepEqual(structured, { items: ["bread", "salt"] });

  const { text } = await client.read("lists://list/groceries");
  assert.equal(text, "bread\nsalt");
  const { values } = await client.complete("lists://list/{name}", "name", "gro");
  assert.deepEqual(values, ["groceries"]);

  await client.call("clear_list", { list: "groceries" });
  await assert.rejects(client.read("lists://list/groceries"));
  await client.close();
});

test("a name that is not allowed is refused", async () => {
  const client = await connect(lists, { kv: {} });
  const { isError, text } = await client.call("add_item", { list: "../secrets", item: "x" });
  assert.equal(isError, true);
  assert.match(text, /list/);
  await client.close();
});
