// What `npm run bench` measures. Each case gives rows of one table.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, mkdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bundle } from "tenon/bundle";
import { CALL, LIST, listRequest, load, median } from "./load.mjs";
import { addCore, passMiddleware } from "./parts.mjs";
import { findProgram } from "./programs.mjs";
import { freePort, script, start } from "./server.mjs";

/** The Node host against a bare JSON echo in the same round. */
export async function node({ seconds, rounds }) {
  const servers = {
    echo: script("peers/echo.mjs", {}),
    "no chain": script("serve.mjs", { CHAIN: "none" }),
    "access-log": script("serve.mjs", { CHAIN: "access-log" }),
  };
  const results = await measure(servers, { call: CALL, list: LIST }, { seconds, rounds });
  const rows = Object.keys(servers).flatMap((name) =>
    ["call", "list"].map((kind) =>
      resultRow(`${name}: tools/${kind}`, results[name][kind], [results.echo.call]),
    ),
  );
  const head = ["server", "req/s", "CPU ms/req", "p99 ms", "/ echo"];
  return { title: `Node ${process.versions.node} host`, head, rows };
}

/** What counting requests costs, beside the same server without. */
export async function limits({ seconds, rounds }) {
  const servers = {
    "no chain": script("serve.mjs", { CHAIN: "none" }),
    "rate-limit, in memory": script("serve.mjs", { CHAIN: "rate-limit" }),
  };
  const redis = findProgram("redis-server") && (await startRedis());
  if (redis) servers["rate-limit, in Redis"] = script("serve.mjs", { CHAIN: "rate-limit", KV: redis.url });
  try {
    const results = await measure(servers, { call: CALL }, { seconds, rounds });
    const rows = Object.keys(servers).map((name) =>
      resultRow(name, results[name].call, [results["no chain"].call]),
    );
    return { title: "Rate limits", head: ["server", "req/s", "CPU ms/req", "p99 ms", "/ no chain"], rows };
  } finally {
    await redis?.stop();
  }
}

/** A Redis that keeps nothing. */
async function startRedis() {
  const port = await freePort();
  const child = spawn("redis-server", ["--port", String(port), "--bind", "127.0.0.1", "--save", ""], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let log = "";
  for await (const chunk of child.stdout) {
    log += chunk;
    if (log.includes("Ready to accept connections")) break;
  }
  return {
    url: `redis://127.0.0.1:${port}`,
    async stop() {
      child.kill("SIGKILL");
      if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
    },
  };
}

/** Every list of a server that has all of them, against a bare JSON echo. */
export async function lists({ seconds, rounds }) {
  const methods = ["tools/list", "resources/list", "resources/templates/list", "prompts/list"];
  const requests = {
    call: CALL,
    ...Object.fromEntries(methods.map((method) => [method, listRequest(method)])),
  };
  const servers = { echo: script("peers/echo.mjs", {}), server: script("serve.mjs", { CHAIN: "lists" }) };
  const results = await measure(servers, requests, { seconds, rounds });
  const rows = methods.map((method) =>
    resultRow(`${method}, 10 providers of 5 each`, results.server[method], [results.echo.call]),
  );
  return { title: "Constant lists", head: ["list", "req/s", "CPU ms/req", "p99 ms", "/ echo"], rows };
}

/** Chains in Viceroy, which starts an instance for each request. */
export async function viceroy({ seconds, rounds }) {
  const program = findProgram("viceroy");
  if (!program) return { title: "Viceroy", skipped: "viceroy is not installed" };
  const pass = await passMiddleware();
  const folder = await mkdtemp(join(tmpdir(), "tenon-bench-"));
  try {
    const servers = {};
    // More than five parts do not fit: see hosts/fastly/README.md.
    for (const links of [0, 2, 4]) {
      const core = await addCore({ middleware: Array.from({ length: links }, () => pass) });
      const { bytes, files } = await bundle({ core, host: "fastly" });
      const cwd = join(folder, String(links));
      await mkdir(join(cwd, "bin"), { recursive: true });
      await writeFile(join(cwd, "bin", "main.wasm"), bytes);
      await writeFile(join(cwd, "fastly.toml"), files["fastly.toml"].text);
      servers[`${links + 1} engine${links ? "s" : ""} + adapter`] = async () => {
        const port = await freePort();
        const url = `http://127.0.0.1:${port}/mcp`;
        const args = ["-C", "fastly.toml", "--addr", `127.0.0.1:${port}`, "bin/main.wasm"];
        return { ...(await start(program, args, { url, cwd })), url };
      };
    }
    const results = await measure(servers, { call: CALL }, { seconds, rounds });
    const [first] = Object.keys(servers);
    const rows = Object.keys(servers).map((name) =>
      resultRow(name, results[name].call, [results[first].call]),
    );
    return { title: "Viceroy", head: ["component", "req/s", "CPU ms/req", "p99 ms", "/ one engine"], rows };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/**
 * Each server in turn, several rounds, so that a disturbance hits one round of all and not all rounds of one; each round begins one server
 * further on.
 *
 * @returns for each server and kind of request the results, in the order of the rounds, and under `startMs` how long it took to start
 */
export async function measure(servers, requests, { seconds, rounds, connections }) {
  const collected = {};
  const all = Object.entries(servers);
  for (let round = 0; round < rounds; round++) {
    const first = round % all.length;
    for (const [name, launch] of [...all.slice(first), ...all.slice(0, first)]) {
      const server = await launch();
      const results = (collected[name] ??= { startMs: [] });
      results.startMs.push(server.startMs);
      try {
        for (const [kind, body] of Object.entries(requests)) {
          const { url, pid, headers, token } = server;
          (results[kind] ??= []).push(await load(url, { body, pid, seconds, headers, token, connections }));
        }
      } finally {
        await server.stop();
      }
    }
  }
  return collected;
}

/** Medians over the rounds; ratios to each baseline are taken within a round: of answers a second, then of processor time. */
export function ratioRow(name, results, baselines) {
  const cpuRatios = baselines.map((baseline) =>
    median(results.map((result, i) => baseline[i].cpuMsPerAnswer / result.cpuMsPerAnswer)),
  );
  return [...resultRow(name, results, baselines), ...cpuRatios.map((ratio) => ratio.toFixed(3))];
}

/** Medians over the rounds; ratios to each baseline are taken within a round. */
export function resultRow(name, results, baselines) {
  const of = (key) => median(results.map((result) => result[key] ?? Number.NaN));
  const cpu = of("cpuMsPerAnswer");
  const ratios = baselines.map((baseline) =>
    median(results.map((result, i) => result.perSecond / baseline[i].perSecond)),
  );
  return [
    name,
    of("perSecond").toFixed(0),
    Number.isNaN(cpu) ? "n/a" : cpu.toFixed(3),
    of("p99Ms").toFixed(1),
    ...ratios.map((ratio) => ratio.toFixed(3)),
  ];
}
