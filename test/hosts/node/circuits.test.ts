import { beforeEach, expect, test } from "vitest";
import {
  createCircuits,
  type CallEnd,
  type CircuitChange,
  type Circuits,
} from "../../../hosts/node/circuits.ts";

let nowMs: number;
let circuits: Circuits;

beforeEach(() => {
  nowMs = 5000;
  circuits = createCircuits({ failures: 3, restMs: 1000 }, () => nowMs);
});

function call(part: string, how: CallEnd): CircuitChange | undefined {
  expect(circuits.refuses(part)).toBeUndefined();
  return circuits.end(part, how, circuits.begin(part));
}

/** Fails calls until the circuit opens. */
function open(part: string): void {
  call(part, "failed");
  call(part, "failed");
  expect(call(part, "failed")).toEqual({ state: "open", forMs: 1000 });
}

test("failures in a row open the circuit of a part, and of no other", () => {
  open("a");
  expect(circuits.refuses("a")).toBe(1000);
  nowMs += 400;
  expect(circuits.refuses("a")).toBe(600);
  expect(circuits.refuses("b")).toBeUndefined();
  expect(circuits.states()).toEqual([{ part: "a", state: "open" }]);
});

test("a call that succeeds starts the count anew, one that says nothing does not", () => {
  call("a", "failed");
  call("a", "failed");
  expect(call("a", "good")).toBeUndefined();
  call("a", "failed");
  call("a", "failed");
  call("a", "unknown");
  expect(call("a", "failed")).toMatchObject({ state: "open" });
});

test("after its time one probe is let through, and its success closes the circuit", () => {
  open("a");
  nowMs += 1000;
  expect(circuits.states()).toEqual([{ part: "a", state: "half-open" }]);
  expect(circuits.refuses("a")).toBeUndefined();
  expect(circuits.begin("a")).toBe(true);
  expect(circuits.refuses("a")).toBe(1000);
  expect(circuits.end("a", "good", true)).toEqual({ state: "closed" });
  expect(circuits.states()).toEqual([]);
  expect(call("a", "failed")).toBeUndefined();
});

test("a probe that fails opens it for twice the time, up to a minute", () => {
  open("a");
  const times: number[] = [];
  for (let i = 0; i < 8; i++) {
    nowMs += 60_000;
    const change = call("a", "failed");
    times.push(change?.state === "open" ? change.forMs : 0);
  }
  expect(times).toEqual([2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000, 60_000]);
});

test("a probe that says nothing lets another one through", () => {
  open("a");
  nowMs += 1000;
  expect(call("a", "unknown")).toBeUndefined();
  expect(call("a", "good")).toEqual({ state: "closed" });
});

test("calls that began before it opened neither close it nor open it longer", () => {
  const isProbe = circuits.begin("a");
  open("a");
  expect(circuits.end("a", "good", isProbe)).toBeUndefined();
  expect(circuits.end("a", "failed", isProbe)).toBeUndefined();
  expect(circuits.refuses("a")).toBe(1000);
});
