import assert from "node:assert/strict";
import { test } from "node:test";
import { connect } from "tenon/test";
import greeter from "../src/greeter.ts";

test("greet says hello to whoever is named", async () => {
  const client = await connect(greeter);
  const { text } = await client.call("greet", { name: "Ada" });
  assert.equal(text, "Hello, Ada!");
  await client.close();
});

test("greet says which argument is wrong", async () => {
  const client = await connect(greeter);
  const { isError, text } = await client.call("greet", { name: "" });
  assert.equal(isError, true);
  assert.match(text, /name/);
  await client.close();
});
