// What a process of its own for each credential is held to from outside. Linux only, where processes can be looked at.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createPool, loadCore, type CallResult, type LoadedCore, type Pool } from "tenon/hosts/node";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { handlerCore } from "./handler-core.ts";

const LATER_MS = 60_000;
const SOURCE = `
export const handler = {
  handle(context, request) {
    const all = [];
    if (request.target === "hoard") {
      for (let i = 0; i < 400; i++) all.push(new Uint8Array(1 << 20).fill(1));
      for (;;);
    }
    return { tag: "success", val: "{}" };
  },
};`;
const limits = { guests: { memoryMiB: 512, processMiB: 250 } };
const cacheDir = mkdtempSync(join(tmpdir(), "tenon-cache-"));
let core: LoadedCore;
let pool: Pool;
let logged: string;

describe.runIf(process.platform === "linux")("a process for a credential", () => {
  beforeAll(async () => {
    const bytes = await handlerCore(SOURCE, { imports: ["tenon:mcp/outbox@0.1.0"] });
    core = await loadCore(bytes, { cacheDir, isolation: "process", limits });
  });

  afterAll(() => rmSync(cacheDir, { recursive: true }));

  beforeEach(async () => {
    logged = "";
    const log = (lines: Uint8Array): void => {
      logged += Buffer.from(lines).toString("utf8");
    };
    pool = await createPool(core, { isolation: "process", workers: 1, patient: true, limits, log });
  });

  afterEach(() => pool.close());

  test("is killed when it takes more memory than it may, and its call fails", async () => {
    expect(await call("hoard")).toEqual({ failure: "trap" });
    expect(logged).toContain("its process took more than 250 MiB");
    expect(await call("other")).toMatchObject({ outcome: { tag: "success" } });
  }, 60_000);

  test("is killed when it does not stop a call at its deadline by itself", async () => {
    const pids = processes();
    for (const pid of pids) process.kill(pid, "SIGSTOP");
    expect(await call("other", 50)).toEqual({ failure: "deadline" });
    expect(logged).toContain("took too long");
    const left = (): number[] => pids.filter((pid) => processes().includes(pid));
    await vi.waitFor(() => expect(left().length).toBeLessThan(pids.length), { timeout: LATER_MS });
    for (const pid of left()) process.kill(pid, "SIGCONT");
  }, 60_000);

  test("serves no other credential, and one more is ready for the next", async () => {
    for (const credential of ["Bearer-1", "Bearer-2", "Bearer-1"]) {
      expect(await call("other", LATER_MS, credential)).toMatchObject({ outcome: { tag: "success" } });
    }
    await vi.waitFor(() => expect(processes()).toHaveLength(3), { timeout: LATER_MS });
  });

  test("has no variables, and may read this package and start threads", () => {
    const [pid] = processes();
    const names = read(pid!, "environ").map((each) => each.split("=", 1)[0]!);
    expect(names.filter((name) => !name.startsWith("NODE_CHANNEL_"))).toEqual([]);
    const flags = read(pid!, "cmdline").filter((each) => each.startsWith("--"));
    expect(flags).toContainEqual(expect.stringMatching(/^--(experimental-)?permission$/));
    const granted = flags.filter((flag) => flag.startsWith("--allow-")).map((flag) => flag.split("=", 1)[0]);
    expect(new Set(granted)).toEqual(new Set(["--allow-worker", "--allow-fs-read"]));
    expect(flags).toContain("--disallow-code-generation-from-strings");
  });
});

function call(target: string, timeMs = LATER_MS, authorization = "Bearer-1"): Promise<CallResult> {
  const request = { id: "1", method: "tools/call", target, params: "{}" };
  return pool.handle("{}", request, { authorization, deadline: Date.now() + timeMs });
}

/** The processes of the pool. */
function processes(): number[] {
  const own = "/proc/self/task";
  const children = readdirSync(own).flatMap((thread) =>
    readFileSync(join(own, thread, "children"), "utf8")
      .trim()
      .split(" "),
  );
  return children
    .filter((pid) => pid !== "")
    .map(Number)
    .filter((pid) => read(pid, "cmdline").some((each) => each.endsWith("process.js")));
}

/** Nothing of a process that has ended. */
function read(pid: number, name: "environ" | "cmdline"): string[] {
  try {
    return readFileSync(`/proc/${pid}/${name}`, "utf8")
      .split("\0")
      .filter((each) => each !== "");
  } catch {
    return [];
  }
}
