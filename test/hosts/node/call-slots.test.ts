import { describe, expect, test } from "vitest";
import { attachCallSlots, createCallSlots, SLOTS } from "../../../hosts/node/call-slots.ts";
import type { CallMessage } from "../../../hosts/node/worker-messages.ts";

function callOf(name: string, params: string | undefined = "{}"): CallMessage {
  return {
    context: `{"of":"${name}"}`,
    request: { id: "1", method: "tools/call", target: name, params },
    authorization: undefined,
    key: "",
    isObserved: false,
  };
}

function bothSides(): {
  main: ReturnType<typeof createCallSlots>;
  worker: ReturnType<typeof attachCallSlots>;
} {
  const main = createCallSlots();
  return { main, worker: attachCallSlots(main.shared) };
}

const noop = (): void => {};

/** The targets of the calls that begin, in order, with what ends each. */
function beginAll(worker: ReturnType<typeof attachCallSlots>): (string | undefined)[] {
  const begun: (string | undefined)[] = [];
  for (let slot = worker.begin(0, noop); slot !== undefined; slot = worker.begin(0, noop)) {
    begun.push(worker.read(slot)!.request.target);
    worker.answer(slot, "{}", false);
  }
  return begun;
}

describe("createCallSlots()", () => {
  test("takes a call over and its answer back as they are, whatever is in them", () => {
    const { main, worker } = bothSides();
    const call = {
      context: '{"é":"😀"}',
      request: { id: undefined, method: "m", target: "", params: undefined },
      authorization: "Bearer \u00ff",
      key: undefined,
      isObserved: true,
    };
    const slot = main.hand(call);
    expect(main.answerOf(slot)).toBeUndefined();
    expect(worker.begin(0, noop)).toBe(slot);
    expect(worker.read(slot)).toEqual(call);
    expect(worker.answer(slot, '{"ü":"😀"}', true)).toBe(true);
    expect(main.answerOf(slot)).toEqual({ text: '{"ü":"😀"}', isStarting: true });
  });

  test("says that there is no call before it sleeps, and not while there are some", () => {
    const { main, worker } = bothSides();
    const said: string[] = [];
    const begin = (): number | undefined => worker.begin(0, () => said.push("none"));
    const [first, second, third] = ["a", "b", "c"].map((name) => main.hand(callOf(name)));
    expect(begin()).toBe(first);
    expect(begin()).toBe(second);
    expect(said).toEqual([]);
    main.withdraw(third!);
    expect(begin()).toBeUndefined();
    expect(said).toEqual(["none"]);
  });

  test("begins calls in order and none that was taken back, and takes none back that has begun", () => {
    const { main, worker } = bothSides();
    const slots = ["a", "b", "c", "d"].map((name) => main.hand(callOf(name)));
    expect(worker.begin(0, noop)).toBe(slots[0]);
    expect(main.withdraw(slots[0]!)).toBe(false);
    expect(main.withdraw(slots[1]!)).toBe(true);
    expect(main.withdraw(slots[3]!)).toBe(true);
    expect(beginAll(worker)).toEqual(["c"]);
  });

  test("has room for as many as there are slots, and again once they are done with", () => {
    const { main, worker } = bothSides();
    const slots: number[] = [];
    while (main.hasRoom) slots.push(main.hand(callOf(`${slots.length}`)));
    expect(slots).toHaveLength(SLOTS);
    main.withdraw(slots[2]!);
    main.free(slots[2]!);
    expect(beginAll(worker)).toHaveLength(SLOTS - 1);
    expect(main.hasRoom).toBe(false);
    for (const slot of slots) main.free(slot);
    for (let round = 0; round < 3 * SLOTS; round++) {
      const slot = main.hand(callOf(`${round}`));
      expect(beginAll(worker)).toEqual([`${round}`]);
      main.free(slot);
    }
  });

  test("tells of a call that nobody waits for, before it begins as well, and of no other one", () => {
    const { main, worker } = bothSides();
    const [first, second] = [main.hand(callOf("a")), main.hand(callOf("b"))];
    main.cancel(second);
    expect(worker.begin(0, noop)).toBe(first);
    expect(worker.isCancelled(first)).toBe(false);
    main.cancel(first);
    expect(worker.isCancelled(first)).toBe(true);
    worker.answer(first, "{}", false);
    expect(main.answerOf(first)).toEqual({ text: "{}", isStarting: false });
    main.free(first);
    expect(worker.begin(0, noop)).toBe(second);
    expect(worker.isCancelled(second)).toBe(true);
    for (let i = 2; i < SLOTS; i++) main.hand(callOf("c"));
    expect(main.hand(callOf("d"))).toBe(first);
    expect(worker.isCancelled(first)).toBe(false);
  });

  test("has room for an answer by its bytes", () => {
    const { main, worker } = bothSides();
    const slot = main.hand(callOf("a"));
    worker.begin(0, noop);
    expect(worker.answer(slot, "a".repeat(32 * 1024 + 1), false)).toBe(false);
    expect(worker.answer(slot, "ä".repeat(16 * 1024 + 1), false)).toBe(false);
    const text = `${"ä".repeat(16 * 1024 - 1)}ab`;
    expect(worker.answer(slot, text, false)).toBe(true);
    expect(main.answerOf(slot)).toEqual({ text, isStarting: false });
  });

  test("leaves texts that are too long to messages", () => {
    const { main, worker } = bothSides();
    const long = callOf("a", JSON.stringify("ä".repeat(20_000)));
    expect(main.fits(callOf("a"))).toBe(true);
    expect(main.fits(long)).toBe(false);
    const slot = main.hand(long);
    expect(worker.begin(0, noop)).toBe(slot);
    expect(worker.read(slot)).toBeUndefined();
    expect(worker.answer(slot, "ä".repeat(20_000), false)).toBe(false);
    worker.posted(slot);
    expect(main.answerOf(slot)).toBe("posted");
  });

  test("a worker that waits in its event loop is woken once, and one that looks is not", () => {
    const { main, worker } = bothSides();
    main.hand(callOf("a"));
    expect(main.mustWake()).toBe(true);
    main.hand(callOf("b"));
    expect(main.mustWake()).toBe(false);
    expect(beginAll(worker)).toEqual(["a", "b"]);
    main.hand(callOf("c"));
    expect(main.mustWake()).toBe(true);
  });

  test("the main thread is told of answers once, until it has looked", () => {
    const { main, worker } = bothSides();
    expect([worker.mustTell(), worker.mustTell()]).toEqual([true, false]);
    main.listen();
    expect([worker.mustTell(), worker.mustTell()]).toEqual([true, false]);
  });
});
