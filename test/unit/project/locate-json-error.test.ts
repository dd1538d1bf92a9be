import { expect, test } from "vitest";
import { locateJsonError } from "../../../src/project/locate-json-error.ts";

test.each([
  ['{"a":1,}', 'line 1, column 8: unexpected "}"'],
  ['{"a":', "line 1, column 6: the text ends too early"],
  ['{\n"a" 1}', 'line 2, column 5: unexpected "1"'],
  ["x", 'line 1, column 1: unexpected "x"'],
  ['{"a": tru}', 'line 1, column 10: unexpected "}"'],
  ['{"a": "x\ny"}', 'line 1, column 9: unexpected "\\n"'],
  ['{"a": "\\q"}', 'line 1, column 9: unexpected "q"'],
  ['{\n  "name": "x",\n  "b": 01 }', 'line 3, column 9: unexpected "1"'],
  ['{"a":1} x', 'line 1, column 9: unexpected "x"'],
  ["", "line 1, column 1: the text ends too early"],
])("locateJsonError(%j) says %s", (text, place) => {
  expect(locateJsonError(text)).toBe(place);
});
