import { expect, test } from "vitest";
import { scanJson } from "../../../src/protocol/scan-json.ts";

const LIMITS = { maxDepth: 64, maxTokens: 1000 };
const fault = (text: string, limits = LIMITS) => scanJson(text, limits).fault;

function nested(depth: number): string {
  return "[".repeat(depth) + "]".repeat(depth);
}

test("scanJson() accepts nesting up to the limit and not beyond", () => {
  expect(fault(nested(64))).toBeUndefined();
  expect(fault(nested(65))).toBe("depth");
  expect(fault('{"a":'.repeat(65))).toBe("depth");
});

test("scanJson() does not count brackets inside strings", () => {
  expect(fault(JSON.stringify({ text: "[".repeat(500) + '\\"{' }))).toBeUndefined();
});

test("scanJson() bounds the number of values and keys", () => {
  expect(fault(JSON.stringify(Array.from({ length: 999 }, () => 0)))).toBeUndefined();
  expect(fault(JSON.stringify(Array.from({ length: 1001 }, () => 0)))).toBe("tokens");
});

test("scanJson() finds a repeated key at any depth, also when one is escaped", () => {
  expect(fault('{"a":1,"b":2,"a":3}')).toBe("duplicate-key");
  expect(fault('{"x":[{"a":1,"\\u0061":2}]}')).toBe("duplicate-key");
  expect(fault('{"":1,"":2}')).toBe("duplicate-key");
  expect(fault('{"a":{"a":1},"b":{"a":1},"c":["a","a"]}')).toBeUndefined();
});

test("scanJson() refuses __proto__ as a key, also when it is escaped, and not as a value", () => {
  expect(fault('{"a":{"__proto__":{}}}')).toBe("forbidden-key");
  expect(fault('{"\\u005f_proto__":{}}')).toBe("forbidden-key");
  expect(fault('{"a":"__proto__","constructor":1}')).toBeUndefined();
});

test("scanJson() gives the members of the message, its params and their _meta", () => {
  const text =
    ' {"id" : 7 ,"params":{ "a\\"b":[1,{"_meta":{"no":0}}] ,"_meta" : {"k":{"_meta":1}, "l":"}"} },"_meta":{"x":1}}';
  const { members, fault: found } = scanJson(text, LIMITS);
  expect(found).toBeUndefined();
  const value = (level: 0 | 1 | 2, key: string) => {
    const member = members[level].find((candidate) => candidate.key === key)!;
    return JSON.parse(text.slice(member.valueFrom, member.to)) as unknown;
  };
  expect(members.map((level) => level.map((member) => member.key))).toEqual([
    ["id", "params", "_meta"],
    ['a"b', "_meta"],
    ["k", "l"],
  ]);
  expect(value(0, "id")).toBe(7);
  expect(value(1, 'a"b')).toEqual([1, { _meta: { no: 0 } }]);
  expect(value(2, "l")).toBe("}");
  expect(JSON.parse(`{${text.slice(members[1][0]!.from, members[1][0]!.to)}}`)).toHaveProperty('a"b');
});

test("scanJson() ends on text that is not JSON", () => {
  for (const text of ["", "]", '"', '{"a', "}}}}", '{"a":"\\', '{"a\\x":1}', "[}", ",,,:::"]) {
    expect(() => scanJson(text, LIMITS), text).not.toThrow();
  }
});
