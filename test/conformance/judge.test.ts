import { expect, test } from "vitest";
import { judge } from "./judge.ts";

const scenarios = [
  {
    name: "ping",
    checks: [
      { id: "answers", status: "SUCCESS" },
      { id: "fast", status: "WARNING", errorMessage: "it was slow" },
    ],
  },
  { name: "tasks", checks: [{ id: "create", status: "FAILURE" }] },
] as const;
const missing = { reason: "there are none", runs: ["new"], checks: ["tasks:create"] };

test("failures and warnings that nobody expects are told, by scenario", () => {
  const { unexpected } = judge("new", scenarios, [missing]);
  expect([...unexpected]).toEqual([
    ["ping", ["ping:fast WARNING: it was slow"]],
    ["tasks", []],
  ]);
});

test("what is expected of another run is not expected of this one", () => {
  const { unexpected, stale } = judge("old", scenarios, [missing]);
  expect(unexpected.get("tasks")).toEqual(["tasks:create FAILURE: no message"]);
  expect(stale).toEqual([]);
});

test("an expected failure that passes, or is never checked, is stale", () => {
  const checks = ["ping:answers", "absent:check", "tasks:create"];
  const { stale } = judge("new", scenarios, [{ ...missing, checks }]);
  expect(stale).toEqual(["ping:answers", "absent:check"]);
});
