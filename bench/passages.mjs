// What a call costs inside of one thread: through the engine of a tool and the parts in front of it, by the code that jco writes and by ours.
import { transpileBytes } from "@bytecodealliance/jco-transpile";
import { compileModules } from "../dist/hosts/node/compile-modules.js";
import { adaptGlue } from "../dist/hosts/node/glue/adapt-glue.js";
import { createPassages } from "../dist/hosts/node/glue/passages.js";
import { createHostImports } from "../dist/hosts/node/host-imports.js";
import { addCore, fullCore, KEY, readyMade } from "./parts.mjs";

const CALLS = 2000;
/** V8 compiles what is called often, and not before. */
const WARM_UP_CALLS = 10_000;
const MEMORIES_SINCE_NODE = 22;

const REQUEST = {
  id: "1",
  method: "tools/call",
  target: "add",
  params: JSON.stringify({ name: "add", arguments: { a: 2, b: 3 } }),
};
const CONTEXT = JSON.stringify({
  requestId: "0192f0c1-aaaa-7bbb-8ccc-0123456789ab",
  transport: "http",
  protocolVersion: "2025-06-18",
  client: { info: { name: "bench", version: "1.0.0" }, capabilities: {} },
  peer: "127.0.0.1",
  receivedAt: 1_795_000_000_000,
  deadline: 1_795_000_010_000,
});

/** Processor time of a call of `add`, the least of some batches that take turns, and of starting an instance. */
export async function passages({ rounds }) {
  const chains = {
    "no chain": await addCore(),
    "access-log": await addCore({ middleware: [await readyMade("access-log")] }),
    "access-log, auth-api-key, rate-limit": await fullCore(),
  };
  const rows = [];
  for (const [name, core] of Object.entries(chains)) {
    const runs = await prepare(core);
    for (let i = 0; i < 10 * rounds; i++) for (const run of runs) run.batch();
    const [stock, adapted] = runs.map(({ least }) => least);
    rows.push([name, stock.toFixed(1), adapted.toFixed(1), (adapted / stock).toFixed(2), ...starts(runs)]);
  }
  const head = ["chain", "as jco writes it, µs", "ours, µs", "ours / jco", "a start, ms", "ours, ms"];
  return { title: `Passages between components, Node ${process.versions.node}`, head, rows };
}

async function prepare(core) {
  const { files } = await transpileBytes(core, {
    name: "core",
    instantiation: "sync",
    emitTypescriptDeclarations: false,
    base64Cutoff: 0,
    multiMemory: Number(process.versions.node.split(".")[0]) >= MEMORIES_SINCE_NODE,
  });
  const code = Object.entries(files).filter(([name]) => name.endsWith(".wasm"));
  const modules = await compileModules(new Map(code.map(([name, bytes]) => [name, bytes])), "the core");
  const glue = new TextDecoder().decode(files["core.js"]);
  const adapted = adaptGlue(glue);
  if (adapted.stock.length > 0) throw new Error(`jco writes ${adapted.stock.join(", ")} differently`);
  const runs = [];
  for (const text of [glue, adapted.glue]) runs.push(await start(text, modules));
  return runs;
}

async function start(glue, modules) {
  const { instantiate } = await import(`data:text/javascript;base64,${Buffer.from(glue).toString("base64")}`);
  const create = () =>
    instantiate(
      (name) => modules.get(name),
      { ...createHostImports(() => {}), ...services() },
      (module, imports) => new WebAssembly.Instance(module, imports),
      createPassages(),
    )["tenon:mcp/handler@0.1.0"];
  const handler = create();
  const { tag, val } = handler.handle(CONTEXT, REQUEST);
  if (tag !== "success") throw new Error(`The call gave ${JSON.stringify(val)}`);
  for (let i = 0; i < WARM_UP_CALLS; i++) handler.handle(CONTEXT, REQUEST);
  const run = {
    least: Infinity,
    leastStart: Infinity,
    batch() {
      run.least = Math.min(
        run.least,
        cpuMicroseconds(CALLS, () => handler.handle(CONTEXT, REQUEST)),
      );
      run.leastStart = Math.min(run.leastStart, cpuMicroseconds(5, create));
    },
  };
  return run;
}

/** A store that keeps one value for each key, and the credential of the bench. */
function services() {
  const values = new Map();
  return {
    "tenon:host/credentials": { authorization: () => `Bearer ${KEY}` },
    "tenon:host/kv": {
      getFeatures: () => ({ swap: true, persistent: true, consistency: "strong" }),
      get: (key) => values.get(key),
      set: (key, value) => void values.set(key, { value, version: "1" }),
      delete: (key) => void values.delete(key),
      swap: (key, _expected, value) => Boolean(values.set(key, { value, version: "1" })),
      increment: () => 1,
      list: () => ({ keys: [], cursor: undefined }),
    },
  };
}

function cpuMicroseconds(times, work) {
  const before = process.cpuUsage();
  for (let i = 0; i < times; i++) work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / times;
}

function starts(runs) {
  return runs.map(({ leastStart }) => (leastStart / 1000).toFixed(2));
}
