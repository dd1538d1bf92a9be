// What a request costs in wasmtime, beside components that answer with a constant.
import { execFileSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bundle } from "tenon/bundle";
import { engineConstant, plainConstant, toolchainConstant } from "./baselines.mjs";
import { measure, ratioRow } from "./cases.mjs";
import { CALL, LIST } from "./load.mjs";
import { addCore, chainCore, fullCore, KEY, passMiddleware } from "./parts.mjs";
import { findProgram } from "./programs.mjs";
import { freePort, start } from "./server.mjs";
import { issuer } from "./issuer.mjs";

const POOL =
  "pooling-allocator=y,pooling-memory-keep-resident=4194304,pooling-table-keep-resident=65536,pooling-pagemap-scan=auto";
const MODES = { fresh: [], reused: ["--max-instance-reuse-count", "1000"] };

const FULL_KEY = "access-log, auth-api-key and rate-limit, 1 engine + adapter";
const FULL_KNOWN = "the same with auth-jwt, a token seen before";
const FULL_FRESH = "the same with auth-jwt, fresh tokens of ES256";

/** Each component with an instance for each request, and with one for many. */
export async function wasmtime({ seconds, rounds }) {
  const program = findProgram("wasmtime");
  if (!program) return { title: "wasmtime", skipped: "wasmtime is not installed" };
  const pass = await passMiddleware();
  const from = issuer("ES256");
  const withTokens = await serve(await fullCore({ jwt: from.settings, approximate: true }), "instance");
  const known = from.token();
  const credentials = {
    [FULL_KNOWN]: { headers: { authorization: `Bearer ${known}` } },
    [FULL_FRESH]: { token: from.token },
  };
  const components = {
    "constant, no engine": await plainConstant(),
    "constant, QuickJS": await engineConstant(),
    "constant, QuickJS of the toolchain": await toolchainConstant(),
    "1 engine + adapter": await serve(await addCore()),
    "3 engines + adapter": await serve(await addCore({ middleware: [pass, pass] })),
    "auth-api-key and three guards, fused, + adapter": await serve(await chainCore(true)),
    [FULL_KEY]: await serve(await fullCore({ approximate: true }), "instance"),
    [FULL_KNOWN]: withTokens,
    [FULL_FRESH]: withTokens,
  };
  const folder = await mkdtemp(join(tmpdir(), "tenon-bench-"));
  try {
    const servers = {};
    for (const [name, bytes] of Object.entries(components)) {
      const source = join(folder, `${Object.keys(servers).length}.wasm`);
      const compiled = `${source}.cwasm`;
      await writeFile(source, bytes);
      execFileSync(program, ["compile", "-O", POOL, source, "-o", compiled]);
      for (const [mode, flags] of Object.entries(MODES)) {
        servers[`${name}, ${mode}`] = async () => {
          const port = await freePort();
          const url = `http://127.0.0.1:${port}/mcp`;
          // As in the script of a bundle: a prefix would be one more write of each line of the log.
          const options = ["--allow-precompiled", "-S", "cli", "-O", POOL, "--no-logging-prefix", ...flags];
          const args = ["serve", ...options, "--addr", `127.0.0.1:${port}`, compiled];
          const credential = credentials[name] ?? { headers: { authorization: `Bearer ${KEY}` } };
          return { ...(await start(program, args, { url })), url, ...credential };
        };
      }
    }
    const results = await measure(servers, { call: CALL, list: LIST }, { seconds, rounds });
    const rows = Object.keys(servers).flatMap((name) => {
      const mode = name.endsWith("reused") ? "reused" : "fresh";
      const baselines = [
        "constant, QuickJS",
        "constant, QuickJS of the toolchain",
        "constant, no engine",
      ].map((base) => results[`${base}, ${mode}`].call);
      const row = (kind) => ratioRow(`${name}: ${kind}`, results[name][kind], baselines);
      return name.startsWith("constant") ? [row("call")] : [row("call"), row("list")];
    });
    const head = [
      "component, instance",
      "req/s",
      "CPU ms/req",
      "p99 ms",
      "/ QuickJS constant",
      "/ that of the toolchain",
      "/ engine-free constant",
      "CPU of QuickJS constant / this",
      "CPU of that of the toolchain / this",
      "CPU of engine-free constant / this",
    ];
    return { title: "wasmtime", head, rows };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function serve(core, kv) {
  return (await bundle({ core, host: "wasmtime", ...(kv && { kv }) })).bytes;
}
