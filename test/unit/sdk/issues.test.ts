import { expect, test } from "vitest";
import * as z from "zod/mini";
import { issueTexts } from "../../../src/sdk/issues.ts";
import type { Schema } from "../../../src/sdk/index.ts";

// zod/mini has no texts of its own, as long as nothing else of the program loads zod.

function texts(schema: Schema, value: unknown): string[] {
  const checked = schema["~standard"].validate(value);
  if (checked instanceof Promise || checked.issues === undefined) throw new Error("The value matches");
  return issueTexts(checked.issues, value);
}

const schema = z.strictObject({
  tone: z.enum(["warm", "dry"]),
  words: z.string().check(z.minLength(3)),
  few: z.array(z.number()).check(z.maxLength(1)),
  size: z.number().check(z.gt(0), z.multipleOf(5)),
  mail: z.string().check(z.regex(/^a+$/)),
  id: z.uuid(),
});

test("what zod/mini does not say is taken from what it knows", () => {
  const value = { tone: "loud", words: "a", few: [1, 2], size: -1, mail: "b", id: "c", more: 1 };
  expect(texts(schema, value)).toEqual([
    'tone: Invalid input: expected one of "warm"|"dry", received string',
    "words: Invalid input: expected at least 3 characters, received string",
    "few: Invalid input: expected at most 1 items, received array",
    "size: Invalid input: expected more than 0, received number",
    "size: Invalid input: expected a multiple of 5, received number",
    "mail: Invalid input: expected a text that matches /^a+$/, received string",
    expect.stringMatching(/^id: Invalid input: expected a text (of the format uuid|that matches)/),
    'Invalid input: expected no member "more", received object',
  ]);
});

test("a member that is missing is told from one of another type", () => {
  expect(
    texts(z.object({ a: z.array(z.object({ n: z.number() })), b: z.null() }), { a: [{}], b: [] }),
  ).toEqual([
    "a[0].n: Invalid input: expected number, received undefined",
    "b: Invalid input: expected null, received array",
  ]);
});

test("an issue of which nothing is known names the path and what came", () => {
  expect(issueTexts([{ message: "Invalid", path: ["a", { key: "b" }] }], { a: { b: null } })).toEqual([
    "a.b: Invalid input: received null",
  ]);
  expect(issueTexts([{ message: "" }], "x")).toEqual(["Invalid input: received string"]);
});
