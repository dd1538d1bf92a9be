// node bench/overload.mjs [--seconds N]: what a server does that is asked for ten times as much as it can do. Peak is taken with as many
// connections as it has threads twice over; overload with ten times as many calls in flight as it runs and lets wait. Then, how long it takes
// until one call is answered again within twice the time it took before.
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import autocannon from "autocannon";
import { keptCore } from "./kept-core.mjs";
import { CALL, median, rssMiB } from "./load.mjs";
import { readNumber } from "./options.mjs";
import { freePort, start } from "./server.mjs";

const { values } = parseArgs({ options: { seconds: { type: "string", default: "10" } } });
const seconds = readNumber("seconds", values.seconds, { least: 1, most: 600 });

const WORKERS = 1;
const QUEUE = 64;
const OVERLOAD = 10 * (WORKERS + QUEUE);
const LIMITS = {
  http: { connections: 2 * OVERLOAD, connectionsPerPeer: 2 * OVERLOAD },
  calls: { queueLength: QUEUE },
  guests: { workers: WORKERS },
};
const HEADERS = { "content-type": "application/json", accept: "application/json, text/event-stream" };
const PROBES = 50;
const RECOVERED_MS = 50;

/** Asks over many connections at once, each again as soon as it is answered. */
async function ask(url, connections, duration) {
  const refusedMs = [];
  const run = autocannon({ url, method: "POST", body: CALL, headers: HEADERS, connections, duration });
  run.on("response", (_client, status, _bytes, ms) => status === 503 && refusedMs.push(ms));
  const result = await run;
  refusedMs.sort((a, b) => a - b);
  return {
    answered: result["2xx"] / result.duration,
    refused: result["5xx"] / result.duration,
    failed: result.errors,
    refusedP50Ms: refusedMs[Math.ceil(refusedMs.length * 0.5) - 1],
    refusedP99Ms: refusedMs[Math.ceil(refusedMs.length * 0.99) - 1],
  };
}

async function once(url) {
  const started = performance.now();
  const response = await fetch(url, { method: "POST", headers: HEADERS, body: CALL });
  await response.text();
  return { ms: performance.now() - started, ok: response.status === 200 };
}

/** Milliseconds until calls are answered again as fast as they were. */
async function recovery(url, usualMs) {
  const started = performance.now();
  for (;;) {
    const { ms, ok } = await once(url);
    if (ok && ms <= 2 * usualMs) return performance.now() - started - ms;
    if (performance.now() - started > 60_000) throw new Error("it did not recover within a minute");
    await new Promise((resolve) => setTimeout(resolve, RECOVERED_MS));
  }
}

const folder = await mkdtemp(join(tmpdir(), "tenon-overload-"));
try {
  const core = await keptCore("none-1", async () => (await import("./parts.mjs")).addCore({ tools: 1 }));
  const [corePath, limitsPath] = [join(folder, "core.wasm"), join(folder, "limits.json")];
  await writeFile(corePath, core);
  await writeFile(limitsPath, JSON.stringify(LIMITS));
  const port = String(await freePort());
  const url = `http://127.0.0.1:${port}/mcp`;
  const cli = join(import.meta.dirname, "..", "dist", "src", "cli", "main.js");
  const server = await start(
    process.execPath,
    [cli, "serve", corePath, "--port", port, "--limits", limitsPath],
    { url },
  );
  try {
    await ask(url, 2, 2);
    const probes = [];
    for (let i = 0; i < PROBES; i++) probes.push((await once(url)).ms);
    const usualMs = median(probes);
    const peak = await ask(url, 2 * (WORKERS + 1), seconds);
    const full = await ask(url, WORKERS + QUEUE, seconds);
    const over = await ask(url, OVERLOAD, seconds);
    const recoveryMs = await recovery(url, usualMs);
    const shown = {
      usualMs,
      peak,
      full,
      over,
      goodput: over.answered / Math.max(peak.answered, full.answered),
      recoveryMs,
      rssMiB: rssMiB(server.pid),
    };
    process.stdout.write(
      `${JSON.stringify(shown, (_, value) => (typeof value === "number" ? Math.round(value * 100) / 100 : value), 2)}\n`,
    );
  } finally {
    await server.stop();
  }
} finally {
  await rm(folder, { recursive: true });
}
