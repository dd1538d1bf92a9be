// npm run soak [-- --minutes N]: load on a server whose tools do what harm they can, whose threads are ended and whose core is replaced
// meanwhile. Ends with status 1 unless every good call was answered rightly and nothing grew.
import { mkdtempSync, readdirSync, readlinkSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { keptIssuer } from "./issuer.mjs";
import { keptCore } from "./kept-core.mjs";
import { rssMiB } from "./load.mjs";
import { readNumber } from "./options.mjs";
import { freePort, start } from "./server.mjs";
import { slopeOf } from "./slope.mjs";

const CLIENTS = 8;
const CALLERS = 4;
/** After so many good calls one that is not. */
const GOOD_PER_HOSTILE = 99;
/** Hostile calls run one after another; good ones wait once so many are due, so that their share stays what it is. */
const MAX_DUE = 5;
const HOSTILE = ["endless_loop", "memory_bomb", "stack_overflow", "huge_output", "log_flood"];
/** Nobody is refused because an endless loop holds a thread. */
const LIMITS = { calls: { queueMs: 30_000 }, guests: { workers: 3 } };
const VERSIONS = ["1.0.0", "1.0.1"];
const INITIALIZE = {
  protocolVersion: "2025-06-18",
  capabilities: {},
  clientInfo: { name: "soak", version: "1.0.0" },
};
const KILL_EVERY_MS = 3000;
const REPLACE_EVERY_MS = 7000;
const SAMPLE_EVERY_MS = 250;
/** Half the time, but no more: until then callers get their instances, and code that runs often is optimized. */
const MAX_WARM_UP_MS = 300_000;
/** Between two rests, in which memory and descriptors are looked at; there are two at least. */
const REST_EVERY_MS = 90_000;
/** On a busy machine a signal arrives after calls that were sent later. */
const SIGNAL_LAG_MS = 2000;
const MAX_SLOPE_MIB_PER_MINUTE = 1;
/** How far the memory of a server at rest is off by chance: parts of pages that are in use, and cores that were just let go. */
const MEMORY_SPREAD_MIB = 16;
/** Connections that nobody uses are closed after 5 s. */
const IDLE_MS = 6000;
/** The server is at rest when its descriptors are as many for so long, or does not come to rest. */
const STEADY_MS = 3000;
const REST_LIMIT_MS = 30_000;
const POLL_MS = 20;
const FIRST_ANSWER_MS = 60_000;
const MAX_SHOWN = 5;

const { values } = parseArgs({ options: { minutes: { type: "string", default: "2" } } });
const durationMs = readNumber("minutes", values.minutes, { least: 0.1, most: 10_000, whole: false }) * 60_000;
const warmUpMs = Math.min(durationMs / 2, MAX_WARM_UP_MS);
if (process.platform !== "linux") {
  process.stderr.write("The soak reads /proc, which this system does not have\n");
  process.exit(2);
}

const issuer = keptIssuer();
const callers = Array.from({ length: CALLERS }, () => issuer.token());
const folder = mkdtempSync(join(tmpdir(), "tenon-soak-"));
process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
const core = join(folder, "core.wasm");
const cores = await Promise.all(VERSIONS.map(keptVersion));
putInPlace(0);
const server = await serve();
const counts = { good: 0, hostile: 0, kills: 0, replacements: 0, cutOff: 0 };
const state = { paused: false, ended: false, inFlight: 0, due: 0 };
const wrong = [];
const rests = [];
/** When threads were ended. */
const kills = [];

// Threads start one after another, which takes what the machine has left.
for (const [i] of callers.entries()) await answeredRightly(i);

const started = performance.now();
const elapsed = () => performance.now() - started;
const clients = [...Array.from({ length: CLIENTS }, (_, i) => goodClient(i)), hostileClient()];
const disturbers = [
  every(KILL_EVERY_MS, () => {
    kills.push(elapsed());
    counts.kills++;
    process.kill(server.pid, "SIGUSR2");
  }),
  every(REPLACE_EVERY_MS, () => {
    putInPlace(++counts.replacements % cores.length);
    process.kill(server.pid, "SIGHUP");
  }),
];
await sleepUnlessEnded(warmUpMs);
const restTimes = Math.max(1, Math.round((durationMs - warmUpMs) / REST_EVERY_MS));
rests.push(await rest());
for (let i = 1; i <= restTimes; i++) {
  await sleepUnlessEnded(warmUpMs + ((durationMs - warmUpMs) * i) / restTimes - elapsed());
  rests.push(await rest());
}
state.ended = true;
await Promise.all([...clients, ...disturbers]);
const served = await versionServed();
const exited = hasExited();
await server.stop();
report();

/** A core that is composed once and kept. The composer is loaded only when it is needed. */
async function keptVersion(version) {
  const make = async () => (await import("./parts.mjs")).sabotagedCore({ jwt: issuer.settings, version });
  return keptCore(`soak-${version}`, make);
}

/** The file that is served is another one from then on, as a whole. */
function putInPlace(version) {
  const draft = `${core}.draft`;
  writeFileSync(draft, cores[version]);
  renameSync(draft, core);
}

/** `tenon serve`, with what ends its threads. */
async function serve() {
  const limits = join(folder, "limits.json");
  writeFileSync(limits, JSON.stringify(LIMITS));
  const port = String(await freePort());
  const url = `http://127.0.0.1:${port}/mcp`;
  const program = join(import.meta.dirname, "..", "dist", "cli", "main.js");
  const args = ["--import", join(import.meta.dirname, "end-threads.mjs"), program];
  args.push("serve", core, "--port", port, "--limits", limits);
  return { ...(await start(process.execPath, args, { url })), url };
}

/** The version of the core put in place last, once it is served; else what is served instead. */
async function versionServed() {
  const until = performance.now() + REST_LIMIT_MS;
  let version;
  while (performance.now() < until && !hasExited()) {
    const answer = await ask(callerOf(0), "initialize", INITIALIZE).catch(() => undefined);
    version = answer?.result?.serverInfo?.version;
    if (version === VERSIONS[counts.replacements % VERSIONS.length]) break;
    await sleep(SAMPLE_EVERY_MS);
  }
  return version;
}

/** One caller after another, one call at a time. */
async function goodClient(number) {
  for (let i = number; !state.ended && !hasExited(); i++) {
    while (state.due >= MAX_DUE && !state.paused && !state.ended && !hasExited()) await sleep(POLL_MS);
    await inTurn(async () => {
      await (i % 10 === 0 ? goodList : goodCall)(callerOf(i));
      state.due += 1 / GOOD_PER_HOSTILE;
    });
  }
}

async function hostileClient() {
  for (let i = 0; !state.ended && !hasExited(); i++) {
    while (state.due < 1 && !state.ended && !hasExited()) await sleep(POLL_MS);
    await inTurn(async () => {
      state.due--;
      await hostileCall(callerOf(i), HOSTILE[i % HOSTILE.length]);
    });
  }
}

/** Does something unless the server is to rest. */
async function inTurn(act) {
  while (state.paused && !state.ended) await sleep(POLL_MS);
  if (state.ended || hasExited()) return;
  state.inFlight++;
  await act();
  state.inFlight--;
}

/** Waits until a caller is answered rightly, for a minute at most. */
async function answeredRightly(i) {
  const until = performance.now() + FIRST_ANSWER_MS;
  while (performance.now() < until) {
    const answer = await ask(callerOf(i), "tools/list", {}).catch(() => undefined);
    if (answer?.result) return;
  }
}

function callerOf(i) {
  return `Bearer ${callers[i % CALLERS]}`;
}

async function goodCall(caller) {
  const [a, b] = [random(), random()];
  await good(caller, "tools/call", { name: "add", arguments: { a, b } }, ({ content }) => {
    const text = content?.[0]?.text;
    return text === String(a + b) ? undefined : `${a} + ${b} is ${JSON.stringify(text)}`;
  });
}

async function goodList(caller) {
  await good(caller, "tools/list", {}, ({ tools }) =>
    tools?.length === HOSTILE.length + 1 ? undefined : `${tools?.length} tools are listed`,
  );
}

/** A call that must be answered rightly, unless the thread that ran it was ended: that may happen to one call for each such end. */
async function good(caller, method, params, check) {
  const begun = elapsed();
  const problem = await ask(caller, method, params).then(
    ({ result, error }) => (result ? check(result) : `${method}: ${JSON.stringify(error)}`),
    (error) => `${method}: ${error.message}`,
  );
  counts.good++;
  if (problem === undefined) return;
  const kill = kills.findIndex((at) => at + SIGNAL_LAG_MS >= begun);
  if (kill === -1) {
    wrong.push(`${(begun / 1000).toFixed(1)} s: ${problem}`);
    return;
  }
  kills.splice(kill, 1);
  counts.cutOff++;
}

/** What it gives is its own affair, but an answer there must be. */
async function hostileCall(caller, name) {
  counts.hostile++;
  try {
    await ask(caller, "tools/call", { name, arguments: {} });
  } catch (error) {
    wrong.push(`${(elapsed() / 1000).toFixed(1)} s: ${name}: ${error.message}`);
  }
}

async function ask(authorization, method, params) {
  const response = await fetch(server.url, {
    method: "POST",
    headers: {
      authorization,
      "content-type": "application/json",
      accept: "application/json, text/event-stream",
      "mcp-protocol-version": "2025-06-18",
    },
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }),
  });
  return JSON.parse(await response.text());
}

function random() {
  return Math.floor(Math.random() * 1_000_000);
}

function hasExited() {
  return server.exitCode() !== null;
}

/** Does something again and again, except while the server is to rest. */
async function every(ms, act) {
  while (!state.ended && !hasExited()) {
    await sleep(ms);
    if (!state.ended && !hasExited() && !state.paused) act();
  }
}

async function sleepUnlessEnded(ms) {
  const until = elapsed() + ms;
  while (elapsed() < until && !hasExited()) await sleep(Math.min(SAMPLE_EVERY_MS, ms));
}

/** What the server keeps while nobody calls it: memory in MiB, and descriptors with their kinds. */
async function rest() {
  state.paused = true;
  while (state.inFlight > 0 && !hasExited()) await sleep(POLL_MS);
  if (!hasExited()) process.kill(server.pid, "SIGPWR");
  await sleepUnlessEnded(IDLE_MS);
  const until = elapsed() + REST_LIMIT_MS;
  let kinds = "";
  let mib = Infinity;
  let since = elapsed();
  while (elapsed() < until && elapsed() - since < STEADY_MS && !hasExited()) {
    const now = descriptorKinds();
    if (now !== kinds) since = elapsed();
    kinds = now;
    process.kill(server.pid, "SIGURG");
    mib = Math.min(mib, rssMiB(server.pid));
    await sleep(SAMPLE_EVERY_MS);
  }
  state.paused = false;
  return { atMs: elapsed(), mib, count: kinds.split(" ").length, kinds: tally(kinds.split(" ")) };
}

function descriptorKinds() {
  const directory = `/proc/${server.pid}/fd`;
  const kinds = readdirSync(directory).map((name) => {
    try {
      return readlinkSync(join(directory, name)).replace(/^([a-z]+):\[\d+\]$/, "$1");
    } catch {
      return "closed";
    }
  });
  return kinds.sort().join(" ");
}

/** How often each of some names occurs. */
function tally(names) {
  const times = new Map();
  for (const name of names) times.set(name, (times.get(name) ?? 0) + 1);
  return [...times].map(([name, count]) => `${count} ${name}`).join(", ");
}

function report() {
  const { slope, error } = slopeOf(
    rests.map(({ atMs, mib }) => [atMs / 60_000, mib]),
    MEMORY_SPREAD_MIB,
  );
  const [before, after] = [rests[0], rests.at(-1)];
  const checks = [
    [
      "good calls answered rightly",
      wrong.length === 0 && counts.good > 0,
      `${counts.good}, ${wrong.length} wrong`,
    ],
    [
      "calls cut off with the thread that ran them",
      counts.cutOff <= counts.kills,
      `${counts.cutOff} by ${counts.kills} ends`,
    ],
    [
      `memory that grows ${MAX_SLOPE_MIB_PER_MINUTE} MiB a minute or more`,
      slope - error < MAX_SLOPE_MIB_PER_MINUTE,
      `${slope.toFixed(1)} ± ${error.toFixed(1)}; MiB at rest: ${rests.map(({ mib }) => mib.toFixed(0)).join(" ")}`,
    ],
    [
      "descriptors",
      after.count <= before.count,
      `${before.count}, then ${after.count}: ${after.kinds}; before: ${before.kinds}`,
    ],
    [
      "the core put in place last is served",
      served === VERSIONS[counts.replacements % VERSIONS.length],
      String(served),
    ],
    ["ends of the server", !exited, exited ? server.log() : "0"],
  ];
  const minutes = (elapsed() / 60_000).toFixed(1);
  process.stdout.write(
    `${minutes} minutes, ${counts.hostile} hostile calls, ${counts.kills} threads ended, ${counts.replacements} cores put in place\n`,
  );
  for (const [what, held, found] of checks) {
    process.stdout.write(`${held ? "ok    " : "FAILED"}  ${what}: ${found}\n`);
  }
  for (const problem of wrong.slice(0, MAX_SHOWN)) process.stdout.write(`        ${problem}\n`);
  process.exitCode = checks.every(([, held]) => held) ? 0 : 1;
}
