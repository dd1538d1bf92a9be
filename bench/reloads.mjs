// node bench/reloads.mjs [--reloads 50] [--clients 8]: a served core is replaced again and again by SIGHUP while clients call it. Ends
// with status 1 unless every call was answered rightly.
import { spawn } from "node:child_process";
import { mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { Agent, request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { composeProject } from "../dist/src/project/index.js";
import { readNumber } from "./options.mjs";

const TENON = fileURLToPath(new URL("../dist/cli/main.js", import.meta.url));
const MAX_SHOWN = 5;

const { values } = parseArgs({
  options: { reloads: { type: "string", default: "50" }, clients: { type: "string", default: "8" } },
});
const reloads = readNumber("reloads", values.reloads, { least: 1, most: 10_000 });
const clients = readNumber("clients", values.clients, { least: 1, most: 100 });

const folder = mkdtempSync(join(tmpdir(), "tenon-reloads-"));
const file = join(folder, "core.wasm");
const cores = [await core("1.0.0"), await core("2.0.0")];
save(cores[0]);
const server = spawn(process.execPath, [TENON, "serve", file, "--port", "0"], {
  stdio: ["ignore", "pipe", "ignore"],
});
let printed = "";
let onText;
server.stdout.setEncoding("utf8").on("data", (text) => {
  printed += text;
  onText?.();
});
const [, url] = await until(/listening on (\S+)/);
const agent = new Agent({ keepAlive: true });
const wrong = [];
let answered = 0;
const ended = new AbortController();
const callers = Array.from({ length: clients }, async () => {
  while (!ended.signal.aborted) await call();
});
const times = [];
for (let i = 0; i < reloads; i++) {
  save(cores[(i + 1) % 2]);
  server.kill("SIGHUP");
  const [, ms] = await until(/reloaded in (\d+) ms/);
  times.push(Number(ms));
}
ended.abort();
await Promise.all(callers);
agent.destroy();
server.kill("SIGTERM");
const code = await new Promise((resolve) => server.once("close", resolve));
rmSync(folder, { recursive: true });
times.sort((a, b) => a - b);
process.stdout.write(
  `${reloads} reloads, ${times[Math.floor(times.length / 2)]} ms each in the middle, ${times.at(-1)} at most; ` +
    `${answered} calls of ${clients} clients answered, ${wrong.length} failed; exit code ${code}\n`,
);
for (const each of wrong.slice(0, MAX_SHOWN)) process.stdout.write(`  ${each}\n`);
process.exitCode = wrong.length === 0 && code === 0 ? 0 : 1;

async function core(version) {
  const project = { name: "reloaded", version, access: "public", providers: { calculator: "calculator" } };
  const path = join(folder, "tenon.json");
  writeFileSync(path, JSON.stringify({ ...project, middleware: [{ use: "access-log" }] }));
  return (await composeProject(path)).bytes;
}

function save(bytes) {
  writeFileSync(`${file}.tmp`, bytes);
  renameSync(`${file}.tmp`, file);
}

function until(pattern) {
  return new Promise((resolve) => {
    onText = () => {
      const match = pattern.exec(printed);
      if (!match) return;
      printed = printed.slice(match.index + match[0].length);
      onText = undefined;
      resolve(match);
    };
    onText();
  });
}

async function call() {
  const params = { name: "add", arguments: { a: 2, b: 3 } };
  const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/call", params });
  try {
    const text = await new Promise((resolve, reject) => {
      request(url, { agent, method: "POST", headers: { "content-type": "application/json" } }, (response) => {
        let received = "";
        response.setEncoding("utf8").on("data", (chunk) => (received += chunk));
        response.on("end", () => resolve(`${response.statusCode} ${received}`));
        response.on("error", reject);
      })
        .on("error", reject)
        .end(body);
    });
    if (text.startsWith("200 ") && JSON.parse(text.slice(4)).result?.structuredContent?.sum === 5) answered++;
    else wrong.push(text.slice(0, 300));
  } catch (error) {
    wrong.push(String(error));
  }
}
