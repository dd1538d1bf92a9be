import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  createPool,
  loadCore,
  type CallResult,
  type Isolation,
  type LoadedCore,
  type PoolOptions,
} from "tenon/hosts/node";
import { afterAll, beforeAll, expect, test } from "vitest";
import { canaryCore } from "./canary-core.ts";

const CREDENTIALS = 12;
const CALLS = 8;
const LATER_MS = 60_000;
const cacheDir = mkdtempSync(join(tmpdir(), "tenon-cache-"));
let core: LoadedCore;

beforeAll(async () => {
  core = await loadCore(await canaryCore(), { cacheDir, isolation: "process" });
});

afterAll(() => rmSync(cacheDir, { recursive: true }));

type Send = (credential: string | undefined, canary: string, how?: string) => Promise<CallResult>;

/** Runs calls against a pool of its own. */
async function withPool<T>(options: PoolOptions, run: (send: Send) => Promise<T>): Promise<T> {
  const pool = await createPool(core, { workers: 2, patient: true, log: () => {}, ...options });
  const send: Send = (authorization, canary, how) =>
    pool.handle(
      "{}",
      {
        id: "1",
        method: "tools/call",
        target: "echo",
        params: JSON.stringify({ arguments: { canary, how, credential: authorization ?? "none" } }),
      },
      { authorization, deadline: Date.now() + LATER_MS },
    );
  try {
    return await run(send);
  } finally {
    await pool.close();
  }
}

/** What a call could tell of others: the canaries in its answer that are not its credential's own. */
function foreign(result: CallResult, name: string): string[] {
  const canaries = JSON.stringify(result).match(/(?:canary|Bearer)-\d+/g) ?? [];
  return canaries.filter((canary) => !canary.endsWith(`-${name}`));
}

/** The foreign canaries in the answers to many calls of some credentials, which end in every way. */
function foreignCanaries(isolation: Isolation, credentials = CREDENTIALS): Promise<string[]> {
  return withPool({ isolation }, async (send) => {
    const ends = [undefined, "failure", "refuse", undefined, "trap"];
    const found: string[] = [];
    for (let i = 0; i < CALLS; i++) {
      const answers = Array.from({ length: credentials }, async (_, of) => {
        const result = await send(`Bearer-${of}`, `canary-${of}`, ends[(i + of) % ends.length]);
        found.push(...foreign(result, String(of)));
      });
      await Promise.all(answers);
    }
    return found;
  });
}

async function known(result: Promise<CallResult>): Promise<string[]> {
  const { outcome } = (await result) as { outcome: { val: string } };
  const { content } = JSON.parse(outcome.val) as { content: [{ text: string }] };
  return JSON.parse(content[0].text) as string[];
}

test.each([
  ["credential", CREDENTIALS],
  ["call", CREDENTIALS],
  // As many as there are processes, one of which is kept for a new one.
  ["process", 3],
] as const)(
  "isolation: %s shows no caller anything of another, however calls end",
  async (isolation, credentials) => {
    expect(await foreignCanaries(isolation, credentials)).toEqual([]);
  },
  60_000,
);

test("a process serves one credential, and makes room for others when there are as many as may be", async () => {
  await withPool({ isolation: "process", workers: 1, limits: { guests: { processes: 2 } } }, async (send) => {
    await send("Bearer-1", "canary-1");
    expect(await known(send("Bearer-1", "canary-2"))).toEqual(["canary-1", "canary-2", "Bearer-1"]);
    for (const other of [2, 3]) {
      expect(await known(send(`Bearer-${other}`, "canary-3"))).toEqual(["canary-3", `Bearer-${other}`]);
    }
    expect(await known(send("Bearer-1", "canary-4"))).toEqual(["canary-4", "Bearer-1"]);
  });
}, 60_000);

test("isolation: shared shows a caller what a tool kept of another, as documented", async () => {
  expect(await foreignCanaries("shared")).not.toEqual([]);
});

test("credential is the default, and keeps the instance of a credential for its next call", async () => {
  await withPool({ workers: 1 }, async (send) => {
    await send("Bearer-1", "canary-1");
    await send("Bearer-2", "canary-2");
    expect(await known(send("Bearer-1", "canary-3"))).toEqual(["canary-1", "canary-3", "Bearer-1"]);
  });
});

test("calls without a credential are one trust domain", async () => {
  await withPool({ workers: 1 }, async (send) => {
    await send(undefined, "canary-1");
    await send("", "canary-2");
    await send("anonymous", "canary-3");
    expect(await known(send(undefined, "canary-4"))).toEqual(["canary-1", "canary-4", "none"]);
  });
});

/** What the first credential's instance knows in the end, when others called meanwhile. */
function knownAfter(options: PoolOptions, meanwhile: (send: Send) => Promise<unknown>): Promise<string[]> {
  return withPool({ workers: 1, ...options }, async (send) => {
    await send("Bearer-1", "canary-1");
    await meanwhile(send);
    return known(send("Bearer-1", "canary-2"));
  });
}

async function nothing(): Promise<void> {}

async function threeOthers(send: Send): Promise<void> {
  for (const other of [2, 3, 4]) await send(`Bearer-${other}`, "canary-3");
}

test("an instance is replaced after its calls, its time, a trap, and when more credentials come than are kept", async () => {
  const restarted = ["canary-2", "Bearer-1"];
  expect(await knownAfter({ limits: { guests: { recycleCalls: 1 } } }, nothing)).toEqual(restarted);
  expect(await knownAfter({ limits: { guests: { recycleMs: 0 } } }, nothing)).toEqual(restarted);
  expect(await knownAfter({}, (send) => send("Bearer-1", "canary-1", "trap"))).toEqual(restarted);
  // There are two threads, and each keeps one.
  expect(await knownAfter({ limits: { guests: { instances: 2 } } }, threeOthers)).toEqual(restarted);
  expect(await knownAfter({}, threeOthers)).toEqual(["canary-1", "canary-2", "Bearer-1"]);
});

test("isolation: call keeps nothing, not even for the same credential", async () => {
  expect(await knownAfter({ isolation: "call" }, nothing)).toEqual(["canary-2", "Bearer-1"]);
});

test("credentials that are refused push out no instance", async () => {
  await withPool({ workers: 1, limits: { guests: { instances: 2 } } }, async (send) => {
    await send("Bearer-1", "canary-1");
    for (let i = 0; i < 4; i++) await send(`Bearer-forged${i}`, "canary-2", "refuse");
    expect(await known(send("Bearer-1", "canary-3"))).toEqual(["canary-1", "canary-3", "Bearer-1"]);
  });
});
