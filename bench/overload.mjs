// node bench/overload.mjs [--seconds N]: what a server does that is asked for ten times as much as it can do. Capacity is taken with as many
// connections as it has places for calls, overload with ten times as many, each asking again as soon as it is answered; the median of three
// rounds counts. Meanwhile another client asks every 100 ms over a connection of its own: how fast is it refused? Then, how long it takes
// until such a client is answered again.
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { parseArgs } from "node:util";
import autocannon from "autocannon";
import { keptCore } from "./kept-core.mjs";
import { CALL, cpuMs, median, rssMiB } from "./load.mjs";
import { readNumber } from "./options.mjs";
import { freePort, start } from "./server.mjs";

const { values } = parseArgs({ options: { seconds: { type: "string", default: "10" } } });
const seconds = readNumber("seconds", values.seconds, { least: 1, most: 600 });

const ROUNDS = 3;
const WORKERS = 1;
const QUEUE = 64;
const PLACES = WORKERS + QUEUE;
const OVERLOAD = 10 * PLACES;
const LIMITS = {
  http: { connections: 2 * OVERLOAD, connectionsPerPeer: 2 * OVERLOAD },
  calls: { queueLength: QUEUE },
  guests: { workers: WORKERS },
};
const HEADERS = { "content-type": "application/json", accept: "application/json, text/event-stream" };
const PROBE_MS = 100;

/** Asks over many connections at once, each again as soon as it is answered. */
async function ask(url, connections, pid) {
  const options = { url, method: "POST", body: CALL, headers: HEADERS, connections, duration: seconds };
  const before = cpuMs(pid);
  // On a thread of its own, so that the probe's times are the server's.
  const result = await autocannon({ ...options, workers: 1 });
  const answers = result["2xx"];
  return {
    answered: answers / result.duration,
    refused: result["5xx"] / result.duration,
    cpuMsPerAnswer: (cpuMs(pid) - before) / answers,
  };
}

/** One request over a connection of its own. */
function once(url) {
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
    seen.push(await once(url));
    await wait(PROBE_MS);
  }
  return seen;
}

/** Milliseconds until a client is answered again. */
async function recovery(url) {
  const started = performance.now();
  while ((await once(url)).status !== 200) await wait(PROBE_MS / 2);
  return performance.now() - started;
}

const round = (number) => Math.round(number * 100) / 100;
const percentile = (sorted, share) => sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)];

const folder = await mkdtemp(join(tmpdir(), "tenon-overload-"));
try {
  const core = await keptCore("none-1", async () => (await import("./parts.mjs")).addCore({ tools: 1 }));
  const [corePath, limitsPath] = [join(folder, "core.wasm"), join(folder, "limits.json")];
  await writeFile(corePath, core);
  await writeFile(limitsPath, JSON.stringify(LIMITS));
  const port = String(await freePort());
  const url = `http://127.0.0.1:${port}/mcp`;
  const cli = join(import.meta.dirname, "..", "dist", "cli", "main.js");
  const args = [cli, "serve", corePath, "--port", port, "--limits", limitsPath];
  const server = await start(process.execPath, args, { url });
  try {
    await ask(url, PLACES, server.pid);
    const rounds = [];
    for (let i = 0; i < ROUNDS; i++) {
      const full = await ask(url, PLACES, server.pid);
      const load = ask(url, OVERLOAD, server.pid);
      const seen = await probe(url, load);
      const over = await load;
      const recoveryMs = await recovery(url);
      const perCpu = full.cpuMsPerAnswer / over.cpuMsPerAnswer;
      rounds.push({ seen, recoveryMs, goodput: over.answered / full.answered, perCpu });
      const { answered, refused } = over;
      process.stdout.write(
        `${round(full.answered)}/s at capacity, overloaded ${round(answered)}/s and ${round(refused)} refusals/s, recovered after ${round(recoveryMs)} ms\n`,
      );
    }
    const refusedMs = rounds
      .flatMap(({ seen }) => seen.filter(({ status }) => status === 503).map(({ ms }) => ms))
      .sort((a, b) => a - b);
    const result = {
      goodput: round(median(rounds.map(({ goodput }) => goodput))),
      // Where other programs share the machine, this says more.
      goodputPerProcessorTime: round(median(rounds.map(({ perCpu }) => perCpu))),
      recoveryMs: round(Math.max(...rounds.map(({ recoveryMs }) => recoveryMs))),
      refusals: refusedMs.length,
      refusedMs: [0.5, 0.95, 1].map((share) => round(percentile(refusedMs, share))),
      rssMiB: round(rssMiB(server.pid)),
    };
    process.stdout.write(`${JSON.stringify(result, null, 2)}\n`);
  } finally {
    await server.stop();
  }
} finally {
  await rm(folder, { recursive: true });
}
