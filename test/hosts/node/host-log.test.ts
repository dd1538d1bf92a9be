import { spawnSync } from "node:child_process";
import { Writable } from "node:stream";
import { setImmediate as turn } from "node:timers/promises";
import { expect, test } from "vitest";
import { createStreamLog } from "../../../hosts/node/host-log.ts";

const KIBIBYTE = 1024;

/** A stream whose reader reads when it is told to. */
function stalledStream(): { stream: Writable; text: () => string; read: () => Promise<void> } {
  const chunks: Buffer[] = [];
  let reads = false;
  let waiting: (() => void) | undefined;
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      chunks.push(chunk);
      if (reads) done();
      else waiting = done;
    },
  });
  return {
    stream,
    text: () => Buffer.concat(chunks).toString(),
    read: () =>
      new Promise((resolve) => {
        reads = true;
        stream.once("drain", () => setImmediate(resolve));
        waiting?.();
      }),
  };
}

test("A log whose reader stalls keeps at most 1 MiB, drops the rest, and says how many lines those were", async () => {
  const { stream, text, read } = stalledStream();
  const log = createStreamLog(stream);
  const two = Buffer.from(`${"x".repeat(KIBIBYTE - 1)}\n${"y".repeat(KIBIBYTE - 1)}\n`);
  for (let i = 0; i < 10_000; i++) log(two);
  expect(stream.writableLength).toBe(KIBIBYTE * KIBIBYTE);
  await read();
  const lines = text().trimEnd().split("\n");
  const told = JSON.parse(lines.pop()!) as { message: string };
  expect(lines).toHaveLength(1024);
  expect(told).toMatchObject({
    level: "warning",
    source: "host",
    message: `${20_000 - 1024} log lines were dropped`,
  });
});

test("A log that flows again writes everything, and counts anew", async () => {
  const { stream, text, read } = stalledStream();
  const log = createStreamLog(stream);
  log(Buffer.alloc(KIBIBYTE * KIBIBYTE, "a"));
  log(Buffer.from("lost\n"));
  await read();
  log(Buffer.from("after\n"));
  await turn();
  expect(text()).toContain('"message":"1 log line was dropped"}\nafter\n');
  expect(text()).not.toContain("lost");
});

test("Lines of one turn are one write, before promises go on", async () => {
  const events: string[] = [];
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      events.push(chunk.toString());
      done();
    },
  });
  const log = createStreamLog(stream);
  await new Promise<void>((resolve) => {
    setImmediate(() => {
      void Promise.resolve().then(() => events.push("answered"));
      log(Buffer.from("first\n"));
      log(Buffer.from("second\n"));
      resolve();
    });
  });
  await turn();
  expect(events).toEqual(["first\nsecond\n", "answered"]);
});

test("What was logged before a process ends is written", () => {
  const script = `import { logToStderr } from "tenon/hosts/node";
logToStderr(Buffer.from("last words\\n"));
process.exit(3);`;
  const { status, stderr } = spawnSync(process.execPath, ["--input-type=module", "-e", script], {
    encoding: "utf8",
  });
  expect({ status, stderr }).toEqual({ status: 3, stderr: "last words\n" });
});
