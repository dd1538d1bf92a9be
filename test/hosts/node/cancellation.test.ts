import { expect, test, vi } from "vitest";
import { Cancellation, follow } from "../../../hosts/node/cancellation.ts";

test("A cancellation tells each listener once, and none that was removed or came late", () => {
  const cancellation = new Cancellation();
  const [first, removed, late] = [vi.fn(), vi.fn(), vi.fn()];
  cancellation.addEventListener("abort", first);
  cancellation.addEventListener("abort", first);
  cancellation.addEventListener("abort", removed);
  cancellation.removeEventListener("abort", removed);
  expect(cancellation.aborted).toBe(false);
  cancellation.abort();
  cancellation.addEventListener("abort", late);
  cancellation.abort();
  expect(cancellation.aborted).toBe(true);
  expect([first, removed, late].map(({ mock }) => mock.calls.length)).toEqual([1, 0, 0]);
});

test("A cancellation follows the first of its signals until it is told not to", () => {
  const [one, other] = [new Cancellation(), new AbortController()];
  const followed = new Cancellation();
  follow(followed, [one, other.signal]);
  other.abort();
  expect(followed.aborted).toBe(true);

  const left = new Cancellation();
  follow(left, [one])();
  one.abort();
  expect(left.aborted).toBe(false);

  const late = new Cancellation();
  follow(late, [one]);
  expect(late.aborted).toBe(true);
});
