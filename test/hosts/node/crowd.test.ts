import { expect, test } from "vitest";
import { Crowd } from "../../../hosts/node/crowd.ts";

test("A crowd has those that came and did not go, whoever goes first", () => {
  const crowd = new Crowd<{ name: string }>();
  const [a, b, c] = [{ name: "a" }, { name: "b" }, { name: "c" }];
  for (const each of [a, b, c]) crowd.add(each);
  crowd.delete(a);
  crowd.delete(a);
  expect(new Set(crowd.list())).toEqual(new Set([b, c]));
  crowd.delete(c);
  expect([crowd.size, crowd.list()]).toEqual([1, [b]]);
});
