// What a caller with a signed token costs where each request gets an instance of its own, in Viceroy.
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bundle } from "tenon/bundle";
import { compose } from "tenon/compose";
import { CALL, cpuMs, median } from "./load.mjs";
import { addProvider, fullCore, readyMade } from "./parts.mjs";
import { findProgram } from "./programs.mjs";
import { freePort, start } from "./server.mjs";
import { issuer } from "./issuer.mjs";

const REQUESTS = 100;
const WARM_UP = 10;
/** Characters of the argument that makes the larger body. */
const PADDING = 10_000;

/** What Viceroy logs of each request. */
const HEAP = /using ([\d.]+ \S+) of WebAssembly heap/;

/** The servers, by what they are called: the algorithm of their tokens, and how they are made with its settings. */
const SERVERS = {
  "access-log alone": [undefined, guardedCore],
  "access-log, auth-jwt with RS256": ["RS256", guardedCore],
  "access-log, auth-jwt with ES256": ["ES256", guardedCore],
  "access-log, auth-jwt with ES256, rate-limit": ["ES256", ({ settings }) => fullCore({ jwt: settings })],
};

/** Processor time of a request with a token that nobody has seen, for a small body and one of 10 KB. */
export async function freshTokens({ rounds }) {
  const program = findProgram("viceroy");
  if (!program) return { title: "Fresh tokens in Viceroy", skipped: "viceroy is not installed" };
  const folder = await mkdtemp(join(tmpdir(), "tenon-bench-"));
  const rows = [];
  try {
    for (const [name, [alg, makeCore]] of Object.entries(SERVERS)) {
      const from = alg && issuer(alg);
      const cwd = join(folder, String(rows.length));
      const { bytes, files } = await bundle({ core: await makeCore(from), host: "fastly" });
      await mkdir(join(cwd, "bin"), { recursive: true });
      await writeFile(join(cwd, "bin", "main.wasm"), bytes);
      await writeFile(join(cwd, "fastly.toml"), files["fastly.toml"].text);
      const taken = [];
      for (let round = 0; round < rounds; round++) taken.push(await timesOf(program, cwd, from));
      const times = [0, 1].map((i) => `${median(taken.map(({ ms }) => ms[i])).toFixed(1)} ms`);
      rows.push([name, ...times, taken[0].heap ?? "n/a"]);
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  return {
    title: "Fresh tokens in Viceroy: CPU time of a request",
    head: ["middleware", "small body", "10 KB", "heap"],
    rows,
  };
}

async function guardedCore(from) {
  const logged = { as: "access-log", bytes: await readyMade("access-log") };
  const { bytes } = await compose({
    name: "bench",
    version: "1.0.0",
    access: from ? "authenticated" : "public",
    providers: [{ as: "add", bytes: await addProvider() }],
    middleware: from
      ? [logged, { as: "auth-jwt", bytes: await readyMade("auth-jwt"), settings: from.settings }]
      : [logged],
  });
  return bytes;
}

async function timesOf(program, cwd, from) {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}/mcp`;
  const args = ["-v", "-C", "fastly.toml", "--addr", `127.0.0.1:${port}`, "bin/main.wasm"];
  const server = await start(program, args, { url, cwd });
  try {
    const times = [];
    for (const body of [CALL, padded(CALL)]) {
      for (let i = 0; i < WARM_UP; i++) await ask(url, body, from);
      const before = cpuMs(server.pid);
      for (let i = 0; i < REQUESTS; i++) await ask(url, body, from);
      times.push((cpuMs(server.pid) - before) / REQUESTS);
    }
    return { ms: times, heap: HEAP.exec(server.log())?.[1] };
  } finally {
    await server.stop();
  }
}

function padded(body) {
  const request = JSON.parse(body);
  request.params["_meta"] = { padding: "x".repeat(PADDING) };
  return JSON.stringify(request);
}

async function ask(url, body, from) {
  const response = await fetch(url, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      accept: "application/json, text/event-stream",
      "mcp-protocol-version": "2025-06-18",
      ...(from && { authorization: `Bearer ${from.token()}` }),
    },
    body,
  });
  const text = await response.text();
  if (response.status !== 200 || !text.includes('"5"')) throw new Error(`${response.status} ${text}`);
}
