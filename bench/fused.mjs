// What fusing a chain of three guards saves, on each host.
import { mkdtemp, mkdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { bundle } from "tenon/bundle";
import { CALL, load, median } from "./load.mjs";
import { chainCore, KEY } from "./parts.mjs";
import { findProgram } from "./programs.mjs";
import { freePort, script, start } from "./server.mjs";

const KINDS = { apart: false, fused: true };
const POOL =
  "pooling-allocator=y,pooling-memory-keep-resident=4194304,pooling-table-keep-resident=65536,pooling-pagemap-scan=auto";

export async function fused({ seconds, rounds }) {
  const folder = await mkdtemp(join(tmpdir(), "tenon-bench-"));
  try {
    const hosts = { Node: nodeServer, ...wasmtimeServers(), ...viceroyServer() };
    const rows = [];
    for (const [host, make] of Object.entries(hosts)) {
      const results = { apart: [], fused: [] };
      const launch = {};
      for (const kind of Object.keys(KINDS)) launch[kind] = await make(kind, join(folder, `${host}-${kind}`));
      for (let round = 0; round < rounds; round++) {
        for (const kind of Object.keys(KINDS)) {
          const server = await launch[kind]();
          try {
            const headers = { authorization: `Bearer ${KEY}` };
            // Fewer than elsewhere: what counts is processor time, and nothing may wait so long that it is refused.
            const options = { body: CALL, headers, pid: server.pid, seconds, connections: 2 };
            results[kind].push(await load(server.url, options));
          } finally {
            await server.stop();
          }
        }
      }
      const [apart, together] = Object.values(results).map((each) =>
        median(each.map((r) => r.cpuMsPerAnswer)),
      );
      const ratio = median(results.fused.map((r, i) => r.perSecond / results.apart[i].perSecond));
      rows.push([
        host,
        apart.toFixed(3),
        together.toFixed(3),
        (together / apart).toFixed(2),
        ratio.toFixed(2),
      ]);
    }
    const sizes = await Promise.all(Object.values(KINDS).map(chainCore));
    const [apart, together] = sizes.map(({ length }) => length / 1e6);
    rows.push([
      "size of the core, MB",
      apart.toFixed(2),
      together.toFixed(2),
      (together / apart).toFixed(2),
      "",
    ]);
    const head = ["host", "CPU ms/req, apart", "fused", "fused / apart", "req/s, fused / apart"];
    return { title: "three guards, apart and fused", head, rows };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function nodeServer(kind) {
  return script("serve.mjs", { CHAIN: kind });
}

function wasmtimeServers() {
  const program = findProgram("wasmtime");
  if (!program) return {};
  const modes = { fresh: [], reused: ["--max-instance-reuse-count", "1000"] };
  const servers = Object.entries(modes).map(([mode, flags]) => [
    `wasmtime, ${mode}`,
    async (kind, path) => {
      const { bytes } = await bundle({ core: await chainCore(KINDS[kind]), host: "wasmtime" });
      await writeFile(path, bytes);
      return async () => {
        const port = await freePort();
        const url = `http://127.0.0.1:${port}/mcp`;
        const args = ["serve", "-S", "cli", "-O", POOL, ...flags, "--addr", `127.0.0.1:${port}`, path];
        return { ...(await start(program, args, { url })), url };
      };
    },
  ]);
  return Object.fromEntries(servers);
}

function viceroyServer() {
  const program = findProgram("viceroy");
  if (!program) return {};
  const server = async (kind, cwd) => {
    const core = await chainCore(KINDS[kind]);
    const { bytes, files } = await bundle({ core, host: "fastly" });
    const artifact = join(cwd, "bin", "main.wasm");
    await mkdir(dirname(artifact), { recursive: true });
    await writeFile(artifact, bytes);
    await writeFile(join(cwd, "fastly.toml"), files["fastly.toml"].text);
    return async () => {
      const port = await freePort();
      const url = `http://127.0.0.1:${port}/mcp`;
      const args = ["-C", "fastly.toml", "--addr", `127.0.0.1:${port}`, "bin/main.wasm"];
      return { ...(await start(program, args, { url, cwd })), url };
    };
  };
  return { Viceroy: server };
}
