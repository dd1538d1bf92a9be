import { expect, test } from "vitest";
import { answerRequest, type ClientRequest, type Person } from "../../../src/cli/answer-request.ts";

/** A person who types these lines, and what they were shown. */
function person(...lines: string[]): Person & { shown: string[] } {
  const shown: string[] = [];
  return {
    shown,
    tell: (text) => void shown.push(text),
    ask: async (question) => {
      shown.push(question);
      return lines.shift();
    },
  };
}

const form = (properties: object, required: string[] = []): ClientRequest => ({
  method: "elicitation/create",
  params: { message: "Who?", requestedSchema: { properties, required } as never },
});

test("answerRequest() asks for each field, and converts what is typed", async () => {
  const properties = {
    name: { type: "string", title: "Name", description: "What you go by" },
    age: { type: "integer" },
    height: { type: "number", default: 1.7 },
    member: { type: "boolean" },
    size: { type: "string", oneOf: [{ const: "s", title: "Small" }, { const: "l" }] },
    toppings: { type: "array", items: { enum: ["egg", "ham"] } },
    note: { type: "string" },
  };
  const someone = person("Ada", "36", "", "yes", "l", "egg, ham", "");
  expect(await answerRequest(form(properties, ["name"]), someone)).toEqual({
    action: "accept",
    content: { name: "Ada", age: 36, height: 1.7, member: true, size: "l", toppings: ["egg", "ham"] },
  });
  expect(someone.shown).toContain("Name: What you go by");
  expect(someone.shown).toContain("  s  Small");
  expect(someone.shown).toContain("height [1.7]: ");
});

test.each([
  [{ type: "integer" }, ["1.5", "x", "2"], 2, "a whole number"],
  [{ type: "number" }, ["", "2.5"], 2.5, "a number"],
  [{ type: "boolean" }, ["maybe", "no"], false, "yes or no"],
  [{ type: "string", enum: ["a", "b"] }, ["c", "a"], "a", "one of those"],
])("answerRequest() asks again until a line fits %j", async (field, lines, value, expected) => {
  const someone = person(...lines);
  expect(await answerRequest(form({ field }, ["field"]), someone)).toEqual({
    action: "accept",
    content: { field: value },
  });
  expect(someone.shown).toContain(`That is not ${expected}.`);
});

test("answerRequest() cancels when the input ends", async () => {
  expect(await answerRequest(form({ a: { type: "string" } }), person())).toEqual({ action: "cancel" });
});

test("answerRequest() shows a URL, and goes on when told to", async () => {
  const request: ClientRequest = {
    method: "elicitation/create",
    params: { mode: "url", message: "Sign in", url: "https://example.com/login" },
  };
  const willing = person("y");
  expect(await answerRequest(request, willing)).toEqual({ action: "accept" });
  expect(willing.shown).toContain("https://example.com/login");
  expect(await answerRequest(request, person(""))).toEqual({ action: "decline" });
  expect(await answerRequest(request, person())).toEqual({ action: "cancel" });
});

test("answerRequest() keeps control characters of a server from the terminal", async () => {
  const someone = person("x");
  const request = form({ "a\u001b[2Jb": { type: "string", description: "\u009b31mred\u202e" } });
  request.params!.message = "\u001b]0;title\u0007Hello\nthere";
  await answerRequest(request, someone);
  expect(someone.shown).toEqual(["]0;titleHello\nthere", "a[2Jb: 31mred", "a[2Jb: "]);
});

test("answerRequest() says what else a server asks for", async () => {
  await expect(answerRequest({ method: "roots/list" }, person())).rejects.toThrow(
    "the server asks for roots/list",
  );
});
