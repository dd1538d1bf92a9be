// How long `tenon serve` takes from its start to its first answer, beside a Node that does nothing.
import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { CALL, cpuMs, HEADERS, LIST, median } from "./load.mjs";
import { addCore, readyMade } from "./parts.mjs";
import { freePort, start } from "./server.mjs";

const TENON = join(import.meta.dirname, "..", "dist", "cli", "main.js");
/** Node 20 reads those of this variable before it does anything, which takes longer than all else. */
const WITHOUT_CERTIFICATES = { NODE_EXTRA_CA_CERTS: undefined };
const REQUESTS = { list: LIST, call: CALL };
const PAUSE_MS = 100;
/** Says on its own what processor time it took. */
const NOTHING =
  "const { user, system } = process.cpuUsage(); process.stdout.write(String((user + system) / 1000))";

/** On a new and on a cached core, to the first list and to the first call of a tool; both go through access-log. */
export async function coldStart({ rounds }) {
  const folder = await mkdtemp(join(tmpdir(), "tenon-bench-"));
  try {
    const core = join(folder, "core.wasm");
    await writeFile(core, await addCore({ middleware: [await readyMade("access-log")] }));
    const results = {};
    const add = (name, result) => (results[name] ??= []).push(result);
    for (let round = 0; round < rounds; round++) {
      for (const [kind, body] of Object.entries(REQUESTS)) {
        const cache = join(folder, `${kind}-${round}`);
        add(`new core: ${kind}`, await firstAnswer(core, body, cache, hasCode));
        add(`cached core: ${kind}`, await firstAnswer(core, body, cache));
      }
      add("bare node", bareNode());
    }
    const of = (name, key) => median(results[name].map((result) => result[key]));
    const rows = Object.keys(results)
      .sort()
      .map((name) =>
        ["ms", "cpuMs"].reduce(
          (row, key) => [
            ...row,
            `${of(name, key).toFixed(0)} ms`,
            (of(name, key) / of("bare node", key)).toFixed(1),
          ],
          [name],
        ),
      );
    const head = ["what", "first answer after", "/ bare node", "CPU until then", "/ bare node"];
    return { title: "Cold start of tenon serve", head, rows };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Whether a server has kept the code of the program, which it does once it has served for a moment. */
function hasCode(cache) {
  return readdirSync(cache, { recursive: true }).some((file) => /^[0-9a-f]{64}.program\.code$/.test(file));
}

async function firstAnswer(core, body, cache, isDone = () => true) {
  const port = String(await freePort());
  const env = { ...WITHOUT_CERTIFICATES, TENON_PORT: port, TENON_CACHE_DIR: cache };
  const url = `http://127.0.0.1:${port}/mcp`;
  const request = { headers: HEADERS, body };
  const server = await start(process.execPath, [TENON, "serve", core], { url, env, request });
  const cpu = cpuMs(server.pid) ?? Number.NaN;
  while (!isDone(cache)) await pause(PAUSE_MS);
  await server.stop();
  return { ms: server.startMs, cpuMs: cpu };
}

function bareNode() {
  const started = performance.now();
  const env = { ...process.env, ...WITHOUT_CERTIFICATES };
  const { stdout } = spawnSync(process.execPath, ["-e", NOTHING], { encoding: "utf8", env });
  return { ms: performance.now() - started, cpuMs: Number(stdout) };
}
