import { mkdtempSync, readFileSync, realpathSync, renameSync, rmSync, writeFileSync } from "node:fs";
import type { ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { compose } from "tenon/compose";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { buildComponent } from "../../src/build/index.ts";
import { startCommand } from "../fixtures/tenon.ts";
import { bypass } from "../fixtures/forged-core.ts";
import type { Running } from "../fixtures/running-program.ts";
import { closeServers, site, type Site } from "../hosts/node/outbound-site.ts";

let folder: string;
let file: string;
let api: Site;
/** Requests of the tool that the site has not answered. */
let held: ServerResponse[];
let arrived: (() => void) | undefined;
let running: Running;
let url: string;
/** The same server in two versions. */
const cores: Uint8Array[] = [];

beforeAll(async () => {
  folder = mkdtempSync(join(realpathSync(tmpdir()), "tenon-lifecycle-"));
  file = join(folder, "core.wasm");
  api = await site((_, response) => {
    held.push(response);
    arrived?.();
  });
  const { bytes } = await buildComponent({ entry: "test/fixtures/components/fetching.ts" });
  for (const version of ["1.0.0", "2.0.0"]) {
    const grants = { fetching: { http: [{ origin: api.origin }] } };
    const providers = [{ as: "fetching", bytes }];
    const server = { name: "acme", version, access: "public" } as const;
    const middleware = [{ as: "access-log", bytes: readFileSync("dist/components/access-log.wasm") }];
    cores.push((await compose({ ...server, providers, middleware, grants })).bytes);
  }
});

beforeEach(() => {
  held = [];
  save(cores[0]!);
});

afterEach(async () => {
  await running.stop("SIGKILL");
});

afterAll(async () => {
  await closeServers();
  rmSync(folder, { recursive: true, force: true });
});

/** Writes the core as deployments do: whole, under another name, then renamed. */
function save(bytes: Uint8Array, to = file): void {
  writeFileSync(`${to}.tmp`, bytes);
  renameSync(`${to}.tmp`, to);
}

async function start(path = file, ...args: string[]): Promise<void> {
  running = startCommand(["serve", path, "--port", "0", ...args]);
  url = (await running.until(/tenon: listening on (\S+)/))[1]!;
}

async function post(method: string, params: object): Promise<unknown> {
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }),
  });
  expect(response.status).toBe(200);
  return ((await response.json()) as { result: unknown }).result;
}

/** The version that the server says it has. */
async function servedVersion(): Promise<string> {
  const client = { protocolVersion: "2025-06-18", capabilities: {}, clientInfo: { name: "t", version: "1" } };
  return ((await post("initialize", client)) as { serverInfo: { version: string } }).serverInfo.version;
}

/** Calls a tool that waits for the site; settles once it does. */
async function callAndWait(): Promise<{ answer: Promise<unknown> }> {
  const there = new Promise<void>((resolve) => (arrived = resolve));
  const answer = post("tools/call", { name: "request", arguments: { url: `${api.origin}/` } });
  answer.catch(() => {});
  await there;
  return { answer };
}

/** Settles once nobody listens any more. */
async function refused(): Promise<void> {
  while (
    await fetch(url, { method: "OPTIONS", headers: { connection: "close" } }).then(
      () => true,
      () => false,
    )
  );
}

test("tenon serve answers what is in flight after SIGTERM, takes nothing new, and ends with 0", async () => {
  await start();
  const { answer } = await callAndWait();
  const ended = running.stop("SIGTERM");
  await refused();
  held[0]!.end("late");
  expect(JSON.stringify(await answer)).toContain("late");
  expect(await ended).toBe(0);
});

test("/readyz says 503 from the signal on, for as long as anything is in flight", async () => {
  await start(file, "--admin-port", "0");
  const [, admin] = /health and metrics on (\S+)/.exec(running.output())!;
  const ready = async (): Promise<number> => (await fetch(`${admin}/readyz`)).status;
  const { answer } = await callAndWait();
  expect(await ready()).toBe(200);
  const ended = running.stop("SIGTERM");
  await refused();
  expect(await ready()).toBe(503);
  held[0]!.end("late");
  await answer;
  expect(await ended).toBe(0);
});

test("A second signal ends it at once, whichever of the two it is", async () => {
  await start();
  const { answer } = await callAndWait();
  void running.stop("SIGINT");
  await refused();
  // The code of a process that a signal ended.
  expect(await running.stop("SIGTERM")).toBe(null);
  await expect(answer).rejects.toThrow();
});

test("What is not answered in the time of --drain is cut off, and the server ends with 0", async () => {
  await start(file, "--drain", "0");
  const { answer } = await callAndWait();
  expect(await running.stop("SIGTERM")).toBe(0);
  await expect(answer).rejects.toThrow();
  expect(running.output()).toContain("1 request was cut off");
});

test("SIGHUP serves what the file holds then, and no request fails meanwhile", async () => {
  // How long a call waits while a core starts is for the machine to say; that it is answered is what counts.
  const limits = join(folder, "limits.json");
  writeFileSync(limits, JSON.stringify({ calls: { queueMs: 60_000, deadlineMs: 60_000 } }));
  await start(file, "--limits", limits);
  const stopped = new AbortController();
  const seen = new Set<string>();
  const callers = Array.from({ length: 3 }, async () => {
    while (!stopped.signal.aborted) seen.add(await servedVersion());
  });
  for (const next of [1, 0, 1]) {
    save(cores[next]!);
    process.kill(running.pid, "SIGHUP");
    await running.until(/tenon: reloaded in \d+ ms \(core sha256:[0-9a-f]{64}, \d+ tools\)/);
  }
  stopped.abort();
  await Promise.all(callers);
  expect([...seen].sort()).toEqual(["1.0.0", "2.0.0"]);
  process.kill(running.pid, "SIGHUP");
  await running.until(/tenon: nothing to reload \(core sha256:[0-9a-f]{64}\)/);
  expect(await servedVersion()).toBe("2.0.0");
});

test("A core that does not load leaves the one in place", async () => {
  await start();
  const [, digest] = /core (sha256:\S+),/.exec(running.output())!;
  save(cores[1]!.subarray(0, 5000));
  process.kill(running.pid, "SIGHUP");
  await running.until(/Error: Cannot [^]*\[ERR_WASM_DECODE\]\nstill serving core sha256:/);
  expect(running.output()).toContain(`still serving core ${digest}`);
  // What a core says of itself has to be what its bytes prove, at a reload as at the start.
  save(bypass(cores[1]!));
  process.kill(running.pid, "SIGHUP");
  await running.until(/\[ERR_HOST_CORE\]\nstill serving core/);
  expect(await servedVersion()).toBe("1.0.0");
});

test("--watch serves a core, and a project, anew when a file changes", async () => {
  await start(file, "--watch");
  save(cores[1]!);
  await running.until(/tenon: reloaded in/);
  expect(await servedVersion()).toBe("2.0.0");
  await running.stop("SIGTERM");

  const config = join(folder, "tenon.json");
  const component = join(folder, "part.wasm");
  save(readFileSync("dist/components/calculator.wasm"), component);
  const project = { name: "acme", version: "1.0.0", access: "public", providers: { part: "./part.wasm" } };
  save(Buffer.from(JSON.stringify(project)), config);
  await start(config, "--watch");
  expect(await servedVersion()).toBe("1.0.0");
  save(Buffer.from(JSON.stringify({ ...project, version: "no version" })), config);
  await running.until(/Error: [^]*\[ERR_CONFIG\]\nstill serving core/);
  save(Buffer.from(JSON.stringify({ ...project, version: "3.0.0" })), config);
  await running.until(/tenon: reloaded in/);
  expect(await servedVersion()).toBe("3.0.0");
  save(readFileSync("dist/components/time.wasm"), component);
  await running.until(/tenon: reloaded in/);
  expect(JSON.stringify(await post("tools/list", {}))).not.toContain('"add"');
});

test.each([
  [["--drain", "soon"], /"soon" is not a time to drain/],
  [["--watch", "--stdio"], /"--stdio" does not go with "--(?:port|watch)"/],
])("tenon serve %j is wrong usage", async (args, message) => {
  running = startCommand(["serve", file, ...args]);
  await running.until(message);
  expect(await running.ended()).toBe(2);
});
