import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { loadCore, serveStdio, type LoadedCore } from "tenon/hosts/node";
import { afterAll, beforeAll, expect, test } from "vitest";
import { handlerCore } from "./handler-core.ts";

const cacheDir = mkdtempSync(join(tmpdir(), "tenon-cache-"));
let core: LoadedCore;

beforeAll(async () => {
  core = await loadCore(await handlerCore(), { cacheDir });
});

afterAll(() => rmSync(cacheDir, { recursive: true }));

interface Answer {
  id: unknown;
  result?: { content: { text: string }[] };
  error?: { code: number };
}

/** Feeds everything at once, ends the input, and gives what was answered until the server ended by itself. */
async function answers(
  input: string | Buffer,
  options: Partial<Parameters<typeof serveStdio>[1]> = {},
): Promise<Answer[]> {
  const stdin = new PassThrough();
  const stdout = new PassThrough();
  let written = "";
  stdout.setEncoding("utf8").on("data", (text: string) => {
    written += text;
  });
  stdin.end(input);
  await serveStdio(core, {
    input: stdin,
    output: stdout,
    workers: 1,
    limits: { calls: { deadlineMs: 1500 } },
    log: () => {},
    ...options,
  });
  expect(written === "" || written.endsWith("\n")).toBe(true);
  return written
    .split("\n")
    .slice(0, -1)
    .map((line) => JSON.parse(line) as Answer);
}

const call = (id: unknown, name: string, args: unknown = {}): string =>
  `${JSON.stringify({ jsonrpc: "2.0", id, method: "tools/call", params: { name, arguments: args } })}\n`;

test("serveStdio() answers everything it took before the input ended", async () => {
  const initialize = {
    jsonrpc: "2.0",
    id: 0,
    method: "initialize",
    params: { protocolVersion: "2025-11-25", capabilities: {} },
  };
  const all = await answers(
    `${JSON.stringify(initialize)}\n{"jsonrpc":"2.0","method":"notifications/initialized"}\n\n${call(1, "echo", { a: 1 })}${call("b", "nope").trim()}`,
  );
  expect(all.find(({ id }) => id === 0)).toMatchObject({
    result: { protocolVersion: "2025-11-25", serverInfo: { name: "fixture" } },
  });
  expect(all.find(({ id }) => id === 1)?.result?.content[0]?.text).toBe('{"a":1}');
  expect(all.find(({ id }) => id === "b")).toMatchObject({ error: { code: -32602 } });
  expect(all).toHaveLength(3);
});

test("serveStdio() answers bad lines and goes on", async () => {
  const bad = Buffer.concat([
    Buffer.from("{nope\n"),
    Buffer.from([0xff, 0x0a]),
    Buffer.from("x".repeat(2000)),
    Buffer.from("\n"),
  ]);
  const limits = { http: { bodyBytes: 1024 } };
  const all = await answers(Buffer.concat([bad, Buffer.from(call(1, "echo"))]), { limits });
  expect(all.map(({ error }) => error?.code)).toEqual([-32700, -32700, -32600, undefined]);
  expect(all.at(-1)).toMatchObject({ id: 1, result: {} });
});

test("serveStdio() survives hostile tools", async () => {
  const names = ["throw", "echo", "recurse", "echo", "big", "echo"];
  const all = await answers(names.map((name, id) => call(id, name)).join(""), {
    limits: { calls: { deadlineMs: 20_000 } },
  });
  all.sort((a, b) => Number(a.id) - Number(b.id));
  const broken = -32603;
  expect(all.map(({ error }) => error?.code)).toEqual([
    broken,
    undefined,
    broken,
    undefined,
    broken,
    undefined,
  ]);
});

test("serveStdio() answers calls as they end, not as they came", async () => {
  const all = await answers(call("slow", "loop") + call("quick", "echo"), { workers: 2 });
  expect(all.map(({ id }) => id)).toEqual(["quick", "slow"]);
});

test("serveStdio() does not answer a cancelled call", async () => {
  const cancel = '{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":"x"}}\n';
  expect(await answers(call("x", "loop") + cancel + call("y", "echo"), { workers: 2 })).toMatchObject([
    { id: "y" },
  ]);
});

test("serveStdio() answers many more calls than there is room for at once", async () => {
  const calls = Array.from({ length: 200 }, (_, id) => call(id, "echo", { id }));
  const all = await answers(calls.join(""), { limits: { calls: { deadlineMs: 20_000 } } });
  expect(
    all
      .filter(({ result }) => result)
      .map(({ id }) => id)
      .sort((a, b) => Number(a) - Number(b)),
  ).toEqual(Array.from({ length: 200 }, (_, id) => id));
});

test("serveStdio() ends when its output is gone", async () => {
  const stdin = new PassThrough();
  const stdout = new PassThrough();
  const served = serveStdio(core, { input: stdin, output: stdout, workers: 1, log: () => {} });
  stdin.write(call(1, "echo"));
  stdout.destroy(new Error("EPIPE"));
  await expect(served).resolves.toBeUndefined();
  expect(stdin.destroyed).toBe(true);
});
