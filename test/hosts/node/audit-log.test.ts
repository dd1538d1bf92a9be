import { mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openAuditLog, type AuditLogOptions } from "tenon/hosts/node";
import { afterAll, expect, test, vi } from "vitest";
import { createAuditWriter } from "../../../hosts/node/audit/audit-writer.ts";
import { parseHead, START, verifyAuditLog, type Verification } from "../../../src/audit/index.ts";

const folder = mkdtempSync(join(tmpdir(), "tenon-audit-"));
afterAll(() => rmSync(folder, { recursive: true }));

const KEY = Buffer.alloc(32, 7);
const SERVER = { server: "acme", core: `sha256:${"a".repeat(64)}` };
let files = 0;

function newPath(): string {
  return join(folder, `${files++}.log`);
}

function line(text: string): Buffer {
  return Buffer.from(
    `${JSON.stringify({ time: "2026-01-01T00:00:00.000Z", level: "info", message: text })}\n`,
  );
}

interface Recorded {
  path: string;
  log: Buffer;
  head: Buffer;
}

/** Records lines in as many runs of a server as there are lists. */
async function record(
  runs: string[][],
  options: Partial<AuditLogOptions> = {},
  path = newPath(),
): Promise<Recorded> {
  for (const texts of runs) {
    const log = await openAuditLog(path, { ...SERVER, ...options });
    for (const text of texts) log.write(line(text));
    await log.close();
  }
  return { path, log: readFileSync(path), head: readFileSync(`${path}.head`) };
}

async function* chunks(bytes: Buffer): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += 1000) yield bytes.subarray(at, at + 1000);
}

function verify(log: Buffer, head: Buffer | undefined, key?: Buffer): Promise<Verification> {
  return verifyAuditLog(chunks(log), { head: head && parseHead(head.toString("latin1")), key });
}

/** What is found, also where the head file is none. */
async function findings(log: Buffer, head: Buffer, key?: Buffer): Promise<string[]> {
  if (parseHead(head.toString("latin1")) === undefined) return ["the head file is damaged"];
  const { findings: found } = await verify(log, head, key);
  return found.map(({ line: at, problem }) => (at === undefined ? problem : `line ${at}: ${problem}`));
}

function linesOf(log: Buffer): Buffer[] {
  const texts = log.toString("utf8").split(/(?<=\n)/);
  return texts.map((text) => Buffer.from(text));
}

function flip(bytes: Buffer, at: number, bit: number): Buffer {
  const copy = Buffer.from(bytes);
  copy[at]! ^= bit;
  return copy;
}

test("openAuditLog() chains every line, over several runs, and a log nobody touched verifies", async () => {
  const { path, log, head } = await record([["one", "two"], ["three"]]);
  const lines = linesOf(log).map((text) => JSON.parse(text.toString()) as Record<string, unknown>);
  expect(lines.map(({ seq, message }) => [seq, message])).toEqual([
    [0, "audit log opened"],
    [1, "one"],
    [2, "two"],
    [3, "audit log closed"],
    [4, "audit log opened"],
    [5, "three"],
    [6, "audit log closed"],
  ]);
  expect(lines[0]).toMatchObject({
    prev: "0".repeat(64),
    fields: { format: "tenon-audit/1", keyed: false, ...SERVER },
  });
  expect(await verify(log, head)).toMatchObject({ lines: 7, findings: [], behindHead: 0, keyed: false });
  for (const name of [path, `${path}.head`]) expect(statSync(name).mode & 0o777).toBe(0o600);
});

test.for([
  ["without a key", undefined],
  ["with a key", KEY],
] as const)("every flip, removal, swap, insertion and truncation is found, %s", async ([, key]) => {
  const { log, head } = await record([["one", "two é"], ["three"]], key && { key });
  const check = async (what: string, changed: Buffer, changedHead = head): Promise<void> => {
    expect((await findings(changed, changedHead, key)).length, what).toBeGreaterThan(0);
  };
  expect(await findings(log, head, key)).toEqual([]);
  for (let at = 0; at < log.length; at++) await check(`byte ${at}`, flip(log, at, 1 << (at % 8)));
  for (let at = 0; at < head.length; at++) await check(`head byte ${at}`, log, flip(head, at, 1 << (at % 8)));
  for (let at = 0; at < log.length; at++) await check(`cut at ${at}`, log.subarray(0, at));
  const lines = linesOf(log);
  for (let a = 0; a < lines.length; a++) {
    await check(`without line ${a + 1}`, Buffer.concat(lines.toSpliced(a, 1)));
    await check(`line ${a + 1} twice`, Buffer.concat(lines.toSpliced(a, 0, lines[a]!)));
    await check(`a line before line ${a + 1}`, Buffer.concat(lines.toSpliced(a, 0, line("forged"))));
    for (let b = a + 1; b < lines.length; b++) {
      const swapped = lines.with(a, lines[b]!).with(b, lines[a]!);
      await check(`lines ${a + 1} and ${b + 1} swapped`, Buffer.concat(swapped));
    }
  }
  await check("a line at the end", Buffer.concat([log, line("forged")]));
});

test("what is wrong is told by line", async () => {
  const { log, head } = await record([["one", "two", "three"]]);
  const lines = linesOf(log);
  const changed = Buffer.from(lines[2]!.toString().replace("two", "TWO"));
  expect(await findings(Buffer.concat(lines.with(2, changed)), head)).toEqual([
    "line 4: it does not join line 3: one of the two was changed",
  ]);
  expect(await findings(Buffer.concat(lines.toSpliced(1, 2)), head)).toEqual([
    "line 2: 2 lines are missing before it: it has seq 3, and 1 follows",
  ]);
  expect(await findings(Buffer.concat(lines.slice(0, 3)), head)).toEqual([
    "2 lines are missing at the end: the head file names seq 4",
  ]);
  expect(await findings(Buffer.from("hello\n"), head)).toContain("line 1: it is not a line of an audit log");
  const long = Buffer.concat([
    ...lines.slice(0, 2),
    Buffer.alloc(2 ** 20, "x"),
    Buffer.from("\n"),
    ...lines.slice(2),
  ]);
  expect(await findings(long, head)).toContain("line 3: it has more than 1048576 bytes");
});

test("with a key, a chain that was written anew is found; without one it is not", async () => {
  const original = await record([["one"]], { key: KEY });
  const forged = await record([["won"]], { key: Buffer.alloc(32, 8) });
  const unsigned = await record([["won"]]);
  expect(await findings(original.log, original.head, KEY)).toEqual([]);
  expect((await findings(forged.log, forged.head, KEY))[0]).toBe(
    "line 1: its mac is not that of the key: it was changed, or written with another key",
  );
  expect((await findings(unsigned.log, unsigned.head, KEY))[0]).toBe(
    "line 1: the log was written without a key",
  );
  expect(await findings(unsigned.log, unsigned.head)).toEqual([]);
  // Macs of lines that are there, and none of a line that was added while the server was down.
  const open = Buffer.from(original.head.toString().replace('"closed":true', '"closed":false'));
  expect(await findings(original.log, open, KEY)).toContain(
    "the head file has no mac of the key: it was changed, or written with another key",
  );
});

test("a line that a dead server left half written is taken off, quoted, and the chain goes on", async () => {
  const { path, log, head } = await record([["one"]]);
  const lines = linesOf(log);
  // As a process that is killed leaves it: the head of a second ago, and half a line.
  const died = Buffer.concat([...lines.slice(0, 2), lines[2]!.subarray(0, 100)]);
  const openHead = Buffer.from(
    head.toString().replace(/^.*$/m, (text) => {
      const { hash: _, ...rest } = JSON.parse(text) as { hash: string };
      const first = JSON.parse(lines[1]!.toString()) as { prev: string };
      return JSON.stringify(
        {
          format: "tenon-audit/1",
          ...rest,
          seq: 0,
          hash: first.prev,
          bytes: lines[0]!.length,
          closed: false,
        },
        ["format", "seq", "hash", "bytes", "closed"],
      );
    }),
  );
  writeFileSync(path, died);
  writeFileSync(`${path}.head`, openHead);
  expect(await verify(died, openHead)).toMatchObject({ findings: [], behindHead: 1, lines: 2 });
  const after = await record([["two"]], {}, path);
  const opened = JSON.parse(linesOf(after.log)[2]!.toString()) as { seq: number; fields: object };
  expect(opened).toMatchObject({
    seq: 2,
    message: "audit log opened",
    fields: { cutOff: lines[2]!.toString().slice(0, 100), cutOffBytes: 100 },
  });
  expect(await verify(after.log, after.head)).toMatchObject({ findings: [], lines: 5 });
});

test("openAuditLog() refuses a log that does not end where its head says, by name", async () => {
  const refusal = async (
    change: (recorded: Recorded) => [log: Buffer | undefined, head: Buffer | undefined],
    options: Partial<AuditLogOptions> = {},
  ): Promise<string> => {
    const recorded = await record([["one", "two"]], { key: KEY });
    const [log, head] = change(recorded);
    for (const [name, bytes] of [
      [recorded.path, log],
      [`${recorded.path}.head`, head],
    ] as const) {
      if (bytes) writeFileSync(name, bytes);
      else rmSync(name);
    }
    const error = await openAuditLog(recorded.path, { ...SERVER, key: KEY, ...options }).catch(
      (thrown: unknown) => thrown,
    );
    expect(error).toMatchObject({ code: "ERR_AUDIT" });
    return (error as Error).message.slice(`Cannot open audit log "${recorded.path}": `.length);
  };
  expect(await refusal(({ log }) => [log, undefined])).toContain("its head file is missing");
  expect(await refusal(({ log }) => [log, Buffer.from("{}\n")])).toBe("its head file is damaged");
  expect(await refusal(({ head }) => [undefined, head])).toMatch(
    /^it has 0 bytes, and its head file says \d+/,
  );
  expect(await refusal(({ log, head }) => [log.subarray(0, -1), head])).toContain(
    "lines are missing at its end",
  );
  expect(await refusal(({ log, head }) => [Buffer.concat([log, log.subarray(0, 50)]), head])).toContain(
    "it is cut off",
  );
  expect(await refusal(({ log, head }) => [Buffer.concat([log, linesOf(log).at(-1)!]), head])).toContain(
    "line 1 of what follows the line its head names: it is not in its place",
  );
  expect(
    await refusal(({ log, head }) => {
      const changed = Buffer.from(log);
      changed[log.length - 3]! ^= 1;
      return [changed, head];
    }),
  ).toBe("its last line is not the one its head file names");
  expect(await refusal(({ log, head }) => [log, head], { key: Buffer.alloc(32, 9) })).toBe(
    "its head was not made with this key",
  );
  const unkeyed = await record([["one"]]);
  await expect(openAuditLog(unkeyed.path, { ...SERVER, key: KEY })).rejects.toThrow(
    "it was begun without a key, and one is given",
  );
});

test("openAuditLog() lets one process write at a time, also by another name, and no device", async () => {
  const path = newPath();
  const alias = newPath();
  const log = await openAuditLog(path, SERVER);
  symlinkSync(path, alias);
  await expect(openAuditLog(alias, SERVER)).rejects.toMatchObject({ code: "ERR_HOST_STORE" });
  await log.close();
  await log.close();
  const device = newPath();
  symlinkSync("/dev/null", device);
  const error: unknown = await openAuditLog(device, SERVER).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ message: expect.stringMatching(/no regular file|EACCES/) as string });
  await expect(openAuditLog(join(folder, "missing", "a.log"), SERVER)).rejects.toMatchObject({
    code: "ERR_FILE",
  });
});

test("where the file takes nothing, 1 MiB of lines wait, the rest is counted, and all is told once it flows", async () => {
  vi.useFakeTimers();
  try {
    const written: Buffer[] = [];
    const reports: string[] = [];
    let full = true;
    const file = {
      append: (bytes: Uint8Array): Promise<void> => {
        if (full) return Promise.reject(Object.assign(new Error("full"), { code: "ENOSPC" }));
        written.push(Buffer.from(bytes));
        return Promise.resolve();
      },
      sync: (): Promise<void> => Promise.resolve(),
    };
    const writer = createAuditWriter(file, {
      link: START,
      key: undefined,
      report: (text) => reports.push(text),
    });
    const kibibyte = line("x".repeat(1024 - line("").length));
    for (let i = 0; i < 5000; i++) writer.write(kibibyte);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(reports).toEqual(["The audit log cannot be written: ENOSPC; the server goes on"]);
    full = false;
    await vi.advanceTimersByTimeAsync(1000);
    writer.write(line("after"));
    await writer.close();
    const messages = Buffer.concat(written)
      .toString()
      .trimEnd()
      .split("\n")
      .map((text, seq) => {
        const parsed = JSON.parse(text) as { seq: number; message: string };
        expect(parsed.seq).toBe(seq);
        return parsed.message;
      });
    expect(messages.filter((message) => message.startsWith("x"))).toHaveLength(1024);
    expect(messages).toContain(`${5000 - 1024} log lines were dropped`);
    expect(messages.at(-1)).toBe("after");
    expect(reports).toHaveLength(1);
  } finally {
    vi.useRealTimers();
  }
});

test("a line over 128 KiB is dropped and counted, and close() says what it could not write", async () => {
  const { log } = await record([["x".repeat(128 * 1024)]]);
  expect(linesOf(log).map((text) => (JSON.parse(text.toString()) as { message: string }).message)).toEqual([
    "audit log opened",
    "1 log line was dropped",
    "audit log closed",
  ]);
  const reports: string[] = [];
  const broken = { append: () => Promise.reject(new Error("gone")), sync: () => Promise.resolve() };
  const writer = createAuditWriter(broken, {
    link: START,
    key: undefined,
    report: (text) => reports.push(text),
  });
  writer.write(line("one"));
  await writer.close();
  expect(reports.at(-1)).toBe("The audit log was closed without its last 1 lines");
});
