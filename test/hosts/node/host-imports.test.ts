import { expect, test } from "vitest";
import { attachCallLog, createCallLog } from "../../../hosts/node/call-log.ts";
import { createHostImports } from "../../../hosts/node/host-imports.ts";
import { logLine } from "../../../hosts/node/log-line.ts";
import { PROVIDED_INTERFACES } from "../../../hosts/node/service-imports.ts";

interface Pollable {
  ready(): boolean;
  block(): void;
}

const lines: string[] = [];
const imports = createHostImports((entry) => lines.push(logLine(entry, new Date()))) as {
  "tenon:host/log": { write(entry: object): void };
  "wasi:clocks/wall-clock": { now(): { seconds: bigint; nanoseconds: number } };
  "wasi:clocks/monotonic-clock": {
    now(): bigint;
    subscribeDuration(ns: bigint): Pollable;
    subscribeInstant(ns: bigint): Pollable;
  };
  "wasi:io/poll": { poll(list: Pollable[]): Uint32Array };
  "wasi:random/random": { getRandomBytes: (length: bigint) => Uint8Array; getRandomU64: () => bigint };
  "wasi:random/insecure-seed": { insecureSeed(): [bigint, bigint] };
};

test("A core is provided no files, environment, sockets or standard streams", () => {
  for (const name of PROVIDED_INTERFACES)
    expect(name).toMatch(
      /^(tenon:host\/(log|http|kv|config|secrets|credentials)|tenon:mcp\/outbox|wasi:(clocks|random)\/[a-z-]+|wasi:io\/poll)$/,
    );
});

test("write() makes one line of JSON of an entry", () => {
  imports["tenon:host/log"].write({
    level: "warning",
    source: "a",
    message: "m\n\u001b[31m",
    fields: '{"x":[1]}',
  });
  expect(lines.at(-1)).not.toContain("\u001b");
  expect(JSON.parse(lines.at(-1)!)).toMatchObject({
    level: "warning",
    source: "a",
    message: "m\n\u001b[31m",
    fields: { x: [1] },
  });
});

test("logLine() escapes what JSON leaves and a terminal acts on", () => {
  const time = new Date(0);
  expect(logLine({ level: "info", message: "\u007f\u009b\u2028\u202e\u2066" }, time)).toBe(
    '{"time":"1970-01-01T00:00:00.000Z","level":"info","message":"\\u007f\\u009b\\u2028\\u202e\\u2066"}',
  );
});

test("logLine() keeps fields that are no JSON object as text", () => {
  for (const fields of ["[1]", "1", "null", "{", ""]) {
    expect(JSON.parse(logLine({ level: "info", message: "m", fields }, new Date(0))), fields).toMatchObject({
      fields,
    });
  }
});

test("logLine() gives fields as they are, or as JSON of one line", () => {
  const long = "x".repeat(100_000);
  const asWritten: Record<string, string> = {
    '{"a":"b c","d":{"e":-1,"f":true},"g":{},"h":null}': '{"a":"b c","d":{"e":-1,"f":true},"g":{},"h":null}',
    "{}": "{}",
    ' {"a":\n1}\r\n': '{"a":1}',
    '{"a":{"b":{"c":[1]}}}': '{"a":{"b":{"c":[1]}}}',
    '{"a":"\\u001b\u009b\u202e"}': '{"a":"\\u001b\\u009b\\u202e"}',
    [`{"a":"${long}"}`]: `{"a":"${long}"}`,
    '{"a":1,}': '"{\\"a\\":1,}"',
    '{"a":1 "b":2}': '"{\\"a\\":1 \\"b\\":2}"',
    '{"a":01}': '"{\\"a\\":01}"',
    '{"a":{"b":1}': '"{\\"a\\":{\\"b\\":1}"',
    '{"a":"b","c"}': '"{\\"a\\":\\"b\\",\\"c\\"}"',
    '{"a":1}}': '"{\\"a\\":1}}"',
  };
  for (const [fields, written] of Object.entries(asWritten)) {
    const line = logLine({ level: "info", message: "m", fields }, new Date(0));
    expect(line).toBe(`{"time":"1970-01-01T00:00:00.000Z","level":"info","message":"m","fields":${written}}`);
    JSON.parse(line);
  }
});

test("logLine() takes fields of any length", () => {
  const fields = `{${'"a":1,'.repeat(3_500_000)}"b":2}`;
  expect(logLine({ level: "info", message: "m", fields }, new Date(0))).toContain('"fields":{"a":1,"b":2}}');
});

test("now() of the wall clock gives whole seconds and the rest", () => {
  const before = Date.now();
  const { seconds, nanoseconds } = imports["wasi:clocks/wall-clock"].now();
  const milliseconds = Number(seconds) * 1000 + nanoseconds / 1_000_000;
  expect(milliseconds).toBeGreaterThanOrEqual(before);
  expect(milliseconds).toBeLessThanOrEqual(Date.now());
});

test("poll() waits for the first pollable and names all that are ready", () => {
  const clock = imports["wasi:clocks/monotonic-clock"];
  const past = clock.subscribeInstant(0n);
  const soon = clock.subscribeDuration(2_000_000n);
  const never = clock.subscribeDuration(3_600_000_000_000n);
  expect([...imports["wasi:io/poll"].poll([never, past, past])]).toEqual([1, 2]);
  expect([...imports["wasi:io/poll"].poll([never, soon])]).toEqual([1]);
  expect(soon.ready()).toBe(true);
  expect(never.ready()).toBe(false);
  expect(() => imports["wasi:io/poll"].poll([])).toThrow();
});

test("block() returns once the instant has come", () => {
  const clock = imports["wasi:clocks/monotonic-clock"];
  const instant = clock.now() + 2_000_000n;
  clock.subscribeInstant(instant).block();
  expect(clock.now()).toBeGreaterThanOrEqual(instant);
});

test("getRandomBytes() gives what is asked for, up to 64 KiB", () => {
  const { getRandomBytes, getRandomU64 } = imports["wasi:random/random"];
  expect(getRandomBytes(65_536n)).toHaveLength(65_536);
  expect(getRandomBytes(16n)).not.toEqual(getRandomBytes(16n));
  expect(() => getRandomBytes(65_537n)).toThrow("limited");
  expect(() => getRandomBytes(2n ** 40n)).toThrow("limited");
  expect(getRandomU64()).not.toBe(getRandomU64());
  expect(imports["wasi:random/insecure-seed"].insecureSeed()).not.toEqual(
    imports["wasi:random/insecure-seed"].insecureSeed(),
  );
});

test("add() keeps lines up to the quota, byte for byte, and counts the rest", () => {
  const log = createCallLog({ logBytes: 16_384, reservedLogBytes: 2048 });
  const line = "é".repeat(500);
  const fitting = Math.floor((16_384 - 2048) / 1001);
  for (let i = 0; i < fitting + 3; i++) log.add(line, false);
  log.add("who called", true);
  const { lines: kept, dropped } = attachCallLog(log.shared, 2048).take();
  expect(kept!.toString("utf8")).toBe(`${`${line}\n`.repeat(fitting)}who called\n`);
  expect(dropped).toBe(3);
  expect(log.take()).toEqual({ lines: undefined, dropped: 0 });
});

test("an instance has 1,000 pollables at most, and as many again once it has dropped them", () => {
  const clock = (
    createHostImports(() => {}) as { "wasi:clocks/monotonic-clock": { subscribeInstant(ns: bigint): object } }
  )["wasi:clocks/monotonic-clock"];
  const dispose = Symbol.dispose ?? Symbol.for("dispose");
  const held = Array.from({ length: 1000 }, () => clock.subscribeInstant(0n));
  expect(() => clock.subscribeInstant(0n)).toThrow("an instance may have 1000 pollables");
  for (const each of held.slice(0, 10)) (each as Record<symbol, () => void>)[dispose]!();
  for (let i = 0; i < 10; i++) clock.subscribeInstant(0n);
  expect(() => clock.subscribeInstant(0n)).toThrow("an instance may have 1000 pollables");
});
