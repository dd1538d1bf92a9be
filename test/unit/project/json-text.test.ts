import { expect, test } from "vitest";
import { readJsonText } from "../../../src/project/json-text.ts";

function mistake(text: string): string {
  const read = readJsonText("x.json", text);
  if (!("problem" in read)) return "no mistake";
  const { line, column } = read.locations[0]!;
  return `${line}:${column} ${read.problem}`;
}

test.each([
  ['{"a":1,}', '1:8 a key in double quotes must stand here, found "}"'],
  ["{a:1}", '1:2 unexpected "a"'],
  ['{"a":', "1:6 the text ends too early"],
  ['{"a":1', "1:7 the text ends too early"],
  ['{"a"', "1:5 the text ends too early"],
  ['{\n"a" 1}', '2:5 a colon must stand before "1"'],
  ['{\n  "a": 1\n  "b": 2\n}', '3:3 a comma must stand before "b"'],
  ["x", '1:1 unexpected "x"'],
  ['{"a": tru}', '1:7 unexpected "tru"'],
  ['{"a": "x\ny"}', "1:7 the string is not closed on its line"],
  ['{"a": "\t"}', "1:7 the string has a control character, which must be written as an escape"],
  ['{"a": "\\q"}', "1:7 the string has an escape that JSON does not know"],
  ['{\n  "b": 01 }', '2:9 a comma must stand before "1"'],
  ['{"a":1} x', '1:9 unexpected "x"'],
  ["", "1:1 the text ends too early"],
  ["  \n", "2:1 the text ends too early"],
  ["// no\n{}", "1:1 JSON has no comments"],
  ['{"a":1,"b":{"c":1,"c":2}}', '1:19 key "c" is given twice'],
  [`{"a":${"z".repeat(100)}}`, `1:6 unexpected "${"z".repeat(40)}…"`],
  ["[".repeat(200_000), "1:1 it is nested too deeply"],
])("readJsonText(%j) says %s", (text, said) => {
  expect(mistake(text)).toBe(said);
});

test("readJsonText() names both places of a key that is given twice", () => {
  expect(readJsonText("x.json", '{\n  "a": 1,\n  "\\u0061": 2\n}')).toEqual({
    problem: 'key "a" is given twice',
    locations: [
      { file: "x.json", line: 3, column: 3, lineText: '  "\\u0061": 2' },
      { file: "x.json", line: 2, column: 3, lineText: '  "a": 1,' },
    ],
  });
});

test("readJsonText() finds keys and elements, and of a path that leads nowhere the last step there is", () => {
  const read = readJsonText("x.json", '{\r\n  "a": [\r\n    { "b": 1 }\r\n  ]\r\n}');
  if ("problem" in read) throw new Error(read.problem);
  const place = (at: (string | number)[]): unknown[] => {
    const { line, column, lineText } = read.locate(at);
    return [line, column, lineText];
  };
  expect(read.value).toEqual({ a: [{ b: 1 }] });
  expect(place([])).toEqual([1, 1, "{"]);
  expect(place(["a"])).toEqual([2, 3, '  "a": [']);
  expect(place(["a", 0])).toEqual([3, 5, '    { "b": 1 }']);
  expect(place(["a", "0", "b"])).toEqual([3, 7, '    { "b": 1 }']);
  expect(place(["a", 7, "b"])).toEqual([2, 3, '  "a": [']);
  expect(place(["toString"])).toEqual([1, 1, "{"]);
});
