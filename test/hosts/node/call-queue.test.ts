import { describe, expect, test } from "vitest";
import { createCallQueue } from "../../../hosts/node/call-queue.ts";

describe("createCallQueue()", () => {
  test("lets peers take turns, and each of them its own in order", () => {
    const queue = createCallQueue<string>(10);
    for (const job of ["a1", "a2", "a3"]) queue.add(job, "a");
    for (const job of ["b1", "b2"]) queue.add(job, "b");
    queue.add("none1", undefined);
    const taken = Array.from({ length: 7 }, () => queue.next(() => true));
    expect(taken).toEqual(["a1", "b1", "none1", "a2", "b2", "a3", undefined]);
    expect(queue.size).toBe(0);
  });

  test("gives one peer all places while no other asks, and then takes back what is beyond its share", () => {
    const queue = createCallQueue<string>(4);
    for (const job of ["a1", "a2", "a3", "a4"]) expect(queue.add(job, "a")).toBeUndefined();
    expect(queue.hasRoom("a")).toBe(false);
    expect(queue.hasRoom("b")).toBe(true);
    expect(queue.add("b1", "b")).toBe("a4");
    expect(queue.add("b2", "b")).toBe("a3");
    // Each has its half now.
    expect([queue.hasRoom("a"), queue.hasRoom("b")]).toEqual([false, false]);
    expect(queue.add("c1", "c")).toBe("a2");
    expect(queue.size).toBe(4);
  });

  test("forgets what left, and has room again", () => {
    const queue = createCallQueue<string>(2);
    queue.add("a1", "a");
    queue.add("a2", "a");
    queue.remove("a1", "a");
    queue.remove("never there", "a");
    queue.remove("a1", "z");
    expect(queue.size).toBe(1);
    expect(queue.hasRoom("a")).toBe(true);
    expect(queue.next(() => true)).toBe("a2");
  });

  test("has room for nobody where nothing may wait", () => {
    expect(createCallQueue(0).hasRoom("a")).toBe(false);
  });

  test("keeps the place of what is lent, which comes back to the front or is gone", () => {
    const queue = createCallQueue<string>(3);
    for (const job of ["a1", "a2"]) queue.add(job, "a");
    queue.add("b1", "b");
    expect(queue.lend((job) => job !== "a1")).toBeUndefined();
    expect(queue.lend(() => true)).toBe("a1");
    expect(queue.lend(() => true)).toBe("b1");
    expect([queue.size, queue.hasRoom("a")]).toEqual([3, false]);
    queue.release();
    expect([queue.size, queue.hasRoom("a")]).toEqual([2, true]);
    queue.giveBack("b1", "b");
    queue.add("c1", "c");
    expect(Array.from({ length: 4 }, () => queue.next(() => true))).toEqual(["b1", "a2", "c1", undefined]);
    expect(queue.size).toBe(0);
  });

  test("gives all that fit at once, and leaves the others and their turns", () => {
    const queue = createCallQueue<string>(10);
    for (const job of ["a1", "a2", "a3"]) queue.add(job, "a");
    queue.add("b1", "b");
    for (const job of ["c1", "c2"]) queue.add(job, "c");
    expect(queue.takeAll((job) => job === "a1" || job === "a3" || job.startsWith("b"))).toEqual([
      "a1",
      "a3",
      "b1",
    ]);
    expect(queue.size).toBe(3);
    expect(Array.from({ length: 4 }, () => queue.next(() => true))).toEqual(["a2", "c1", "c2", undefined]);
    expect(queue.size).toBe(0);
  });
});
