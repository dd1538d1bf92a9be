import { expect, test } from "vitest";
import { logText } from "../../src/cli/dev/log-text.ts";

function text(entry: object, colour = false): string {
  return logText(Buffer.from(`${JSON.stringify(entry)}\n`), colour);
}

const entry = { time: "2026-07-28T12:34:56.789Z", level: "info", source: "greeter", message: "hello" };

test("an entry is one line: time, level, source, message, fields", () => {
  const fields = { tool: "add", ms: 1.5, ok: true, note: "two words", of: { a: [1] } };
  expect(text({ ...entry, fields })).toBe(
    '12:34:56 info    greeter: hello tool=add ms=1.5 ok=true note="two words" of={"a":[1]}\n',
  );
  expect(text({ ...entry, source: undefined, fields: "plain" })).toBe(
    "12:34:56 info    hello fields=plain\n",
  );
});

test("a stack stands below its entry", () => {
  const stack = "    at run (src/greeter.ts:12:5)\n    …\n";
  expect(text({ ...entry, level: "error", fields: { tool: "add", stack } })).toBe(
    "12:34:56 error   greeter: hello tool=add\n    at run (src/greeter.ts:12:5)\n    …\n",
  );
});

test("what a guest logs does not steer the terminal", () => {
  const fields = { "a\u001b[2J": "\u001b[31m", block: "one\n\u001b[1mtwo" };
  const written = text({ ...entry, message: "\u001b]0;title\u0007\u202e", fields });
  // oxlint-disable-next-line no-control-regex
  expect(written).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u202e]/);
});

test("colours only where they are wanted; what is not JSON passes as it is", () => {
  expect(text({ ...entry, level: "warning" }, true)).toContain("\u001b[33mwarning\u001b[39m");
  expect(logText(Buffer.from("not JSON\n\nnor this\n"), false)).toBe("not JSON\nnor this\n");
});
