// node bench/overload.mjs [--seconds N]: what a server does that is asked for ten times as much as it can do. Its calls take some milliseconds of
// one thread, so that ten times as many are few enough for whoever asks to share the machine. Capacity is taken with as many connections as
// there are places in the queue, each asking again as soon as it is answered; then requests come at ten times that rate, each over a connection of
// its own, whether or not the others are answered. Meanwhile another client asks every 100 ms: how fast is it refused? Then, how long it takes
// until such a client is answered again. The median of three rounds counts. Ends with status 1 when something asked does not hold.
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { parseArgs } from "node:util";
import { Worker } from "node:worker_threads";
import autocannon from "autocannon";
import { keptCore } from "./kept-core.mjs";
import { CALL, cpuMs, median, rssMiB } from "./load.mjs";
import { readNumber } from "./options.mjs";
import { freePort, start } from "./server.mjs";

const { values } = parseArgs({ options: { seconds: { type: "string", default: "10" } } });
const seconds = readNumber("seconds", values.seconds, { least: 1, most: 600 });

const ROUNDS = 3;
const TIMES = 10;
const WORKERS = 1;
const QUEUE = 16;
const MANY = 4000;
const LIMITS = {
  http: { connections: MANY, connectionsPerPeer: MANY },
  calls: { queueLength: QUEUE, queueMs: 5000 },
  guests: { workers: WORKERS },
};
const HEADERS = { "content-type": "application/json", accept: "application/json, text/event-stream" };
const PROBE_MS = 100;

/** As many answers as there can be. */
async function capacity(url, pid) {
  const before = cpuMs(pid);
  // On a thread of its own, so that it does not matter who else asks.
  const options = { url, method: "POST", body: CALL, headers: HEADERS, connections: QUEUE, workers: 1 };
  const result = await autocannon({ ...options, duration: seconds });
  if (result.non2xx > 0) throw new Error(`${result.non2xx} calls were refused, with a place for each`);
  const answers = result["2xx"];
  return { perSecond: answers / result.duration, cpuMsPerAnswer: (cpuMs(pid) - before) / answers };
}

/** Asks for so much, come what may. */
async function overload(url, pid, perSecond) {
  const before = cpuMs(pid);
  const workerData = { url, body: CALL, headers: HEADERS, perSecond, seconds };
  const thread = new Worker(new URL("./open-load.mjs", import.meta.url), { workerData });
  const [counts] = await once(thread, "message");
  return { ...counts, cpuMsPerAnswer: (cpuMs(pid) - before) / counts.answered };
}

/** One request over a connection of its own. */
function ask(url) {
  const started = performance.now();
  return new Promise((resolve, reject) => {
    const sent = request(url, { method: "POST", headers: HEADERS, agent: false }, (response) => {
      response
        .resume()
        .once("end", () => resolve({ status: response.statusCode, ms: performance.now() - started }));
    });
    sent.once("error", reject).end(CALL);
  });
}

/** What a client sees that asks now and then, until `ended` settles. */
async function probe(url, ended) {
  const seen = [];
  const over = new AbortController();
  void ended.finally(() => over.abort());
  while (!over.signal.aborted) {
    seen.push(await ask(url));
    await wait(PROBE_MS);
  }
  return seen;
}

/** Milliseconds until a client is answered again. */
async function recovery(url) {
  const started = performance.now();
  while ((await ask(url)).status !== 200) await wait(PROBE_MS / 2);
  return performance.now() - started;
}

const round = (number) => Math.round(number * 100) / 100;
const percentile = (sorted, share) => sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)];

async function measure({ url, pid }) {
  const full = await capacity(url, pid);
  const load = overload(url, pid, TIMES * full.perSecond);
  const seen = await probe(url, load);
  const over = await load;
  const recoveryMs = await recovery(url);
  const perSecond = over.answered / over.seconds;
  const offered = over.offered / over.seconds / full.perSecond;
  process.stdout.write(
    `${round(full.perSecond)}/s at capacity, ${round(full.cpuMsPerAnswer)} ms of the processor each; asked for ${round(offered)} times as much ` +
      `${round(perSecond)}/s, ${round(over.cpuMsPerAnswer)} ms; ${over.refused} refused, ${over.failed} failed; recovered after ${round(recoveryMs)} ms\n`,
  );
  const goodput = perSecond / full.perSecond;
  return { seen, recoveryMs, goodput, offered, perCpu: full.cpuMsPerAnswer / over.cpuMsPerAnswer };
}

function report(rounds, pid) {
  const middle = (of) => round(median(rounds.map(of)));
  const refusedMs = rounds
    .flatMap(({ seen }) => seen.filter(({ status }) => status === 503).map(({ ms }) => ms))
    .sort((a, b) => a - b);
  const result = {
    offered: middle(({ offered }) => offered),
    goodput: middle(({ goodput }) => goodput),
    // Where other programs share the machine, this says more.
    goodputPerProcessorTime: middle(({ perCpu }) => perCpu),
    recoveryMs: round(Math.max(...rounds.map(({ recoveryMs }) => recoveryMs))),
    refusals: refusedMs.length,
    refusedMs: [0.5, 0.95, 1].map((share) => round(percentile(refusedMs, share) ?? Number.NaN)),
    rssMiB: round(rssMiB(pid)),
  };
  process.stdout.write(`${JSON.stringify(result, null, 2)}\n`);
  const asked = {
    "the goodput is at least 0.8 of the capacity": result.goodput >= 0.8,
    "of a hundred refusals 95 take less than 50 ms": result.refusedMs[1] < 50,
    "a client is answered within 5 s again": result.recoveryMs < 5000,
  };
  for (const [what, holds] of Object.entries(asked)) {
    process.stdout.write(`${holds ? "holds" : "FAILS"}: ${what}\n`);
    if (!holds) process.exitCode = 1;
  }
}

const folder = await mkdtemp(join(tmpdir(), "tenon-overload-"));
try {
  const core = await keptCore("work", async () => (await import("./parts.mjs")).workCore());
  const [corePath, limitsPath] = [join(folder, "core.wasm"), join(folder, "limits.json")];
  await writeFile(corePath, core);
  await writeFile(limitsPath, JSON.stringify(LIMITS));
  const port = String(await freePort());
  const url = `http://127.0.0.1:${port}/mcp`;
  const cli = join(import.meta.dirname, "..", "dist", "cli", "main.js");
  const args = [cli, "serve", corePath, "--port", port, "--limits", limitsPath];
  const server = await start(process.execPath, args, { url });
  try {
    await capacity(url, server.pid);
    const rounds = [];
    for (let i = 0; i < ROUNDS; i++) rounds.push(await measure({ url, pid: server.pid }));
    report(rounds, server.pid);
  } finally {
    await server.stop();
  }
} finally {
  await rm(folder, { recursive: true });
}
