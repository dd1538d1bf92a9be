import assert from "node:assert/strict";
import { test } from "node:test";
import { connect } from "tenon/test";
import closedTools from "../src/closed-tools.ts";
import demo from "../src/demo.ts";

const middleware = [{ use: closedTools, settings: { closed: ["shred"] } }];

test("a tool that is not closed answers", async () => {
  const client = await connect(demo, { middleware });
  const { text } = await client.call("echo", { text: "hello" });
  assert.equal(text, "hello");
  await client.close();
});

test("a closed tool is refused", async () => {
  const client = await connect(demo, { middleware });
  await assert.rejects(client.call("shred", { text: "hello" }), { message: /This tool is closed/ });
  await client.close();
});
