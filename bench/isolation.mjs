// node bench/isolation.mjs [--credentials 200] [--calls 500]: what each mode of isolation costs a call, and whether any call learns of another
// credential. Ends with status 1 when one does, in a mode that is to keep them apart, or when a call fails.
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { buildComponent } from "tenon/build";
import { compose } from "tenon/compose";
import { createPool, ISOLATIONS, loadCore } from "tenon/hosts/node";
import { readNumber } from "./options.mjs";

const { values } = parseArgs({
  options: {
    credentials: { type: "string", default: "200" },
    calls: { type: "string", default: "500" },
  },
});
const credentials = readNumber("credentials", values.credentials, { least: 1, most: 10_000 });
const calls = readNumber("calls", values.calls, { least: 1, most: 10_000 });

const AT_ONCE = 16;
const SAME = 500;
const FRESH = 200;
const FRESH_PROCESSES = 4;
const folder = join(import.meta.dirname, "..", "dist", "bench");
const source = `import { defineTool, provider, ToolError } from "tenon";
import * as z from "zod/mini";
const seen = [];
const cache = new Map();
globalThis.kept = [];
let calls = 0;
let error = new Error("none");
const remember = defineTool({
  name: "remember",
  description: "Keeps what it is given, and tells what it has kept of others",
  input: z.object({ canary: z.string() }),
  run: ({ canary }) => {
    const known = [...seen, ...cache.keys(), ...globalThis.kept, error.message, [].last ?? "none"];
    const foreign = known.some((each) => each !== canary && each !== "none");
    if (seen.length < 100) {
      seen.push(canary);
      globalThis.kept.push(canary);
      cache.set(canary, true);
    }
    error = new Error(canary);
    Array.prototype.last = canary;
    // What fails is kept as well.
    if (++calls % 10 === 0) throw new ToolError(foreign ? "foreign" : "own");
    return foreign ? "foreign" : "own";
  },
});
export default provider({ name: "canaries", version: "1.0.0", tools: [remember] });
`;

await mkdir(folder, { recursive: true });
const entry = join(folder, "canaries.ts");
await writeFile(entry, source);
const { bytes } = await compose({
  name: "canaries",
  version: "1.0.0",
  access: "public",
  providers: [{ as: "canaries", bytes: (await buildComponent({ entry })).bytes }],
  middleware: [],
});
const core = await loadCore(bytes, { isolation: "process" });
console.log(
  "| isolation | calls | foreign | failed | one credential, ms a call | processor time | a new one each, ms a call | processor time | RSS, MB |",
);
console.log("| --- | --- | --- | --- | --- | --- | --- | --- | --- |");
for (const isolation of ISOLATIONS) {
  // Each credential that changes costs a process there: it comes back for the second half of its calls, and not for each.
  const hasProcesses = isolation === "process";
  const inTurn = hasProcesses ? Math.ceil(calls / 2) : 1;
  const pool = await createPool(core, { isolation, patient: true, allReady: true, log: () => {} });
  const results = { own: 0, foreign: 0, failed: 0 };
  const send = async (credential) => {
    const params = JSON.stringify({ name: "remember", arguments: { canary: credential } });
    const request = { id: "1", method: "tools/call", target: "remember", params };
    const call = { authorization: credential, deadline: Date.now() + 60_000 };
    const { outcome } = await pool.handle("{}", request, call);
    const text = outcome?.tag === "success" ? JSON.parse(outcome.val).content[0].text : "failed";
    results[text in results ? text : "failed"]++;
  };
  /** Milliseconds of a call, and those of the processor; of processes this one alone. */
  const time = async (count, credential) => {
    const start = performance.now();
    const before = process.cpuUsage();
    for (let i = 0; i < count; i++) await send(credential(i));
    const { user, system } = process.cpuUsage(before);
    return [performance.now() - start, (user + system) / 1000].map((ms) => (ms / count).toFixed(2));
  };
  await time(50, () => "warm");
  const same = await time(SAME, () => "warm");
  const fresh = await time(hasProcesses ? FRESH_PROCESSES : FRESH, (i) => `fresh-${i}`);
  const rest = credentials * calls;
  for (let i = 0; i < rest; i += AT_ONCE) {
    const some = Math.min(AT_ONCE, rest - i);
    const credential = (at) => Math.floor((i + at) / inTurn) % credentials;
    await Promise.all(Array.from({ length: some }, (_, at) => send(`credential-${credential(at)}`)));
  }
  const rss = (process.memoryUsage.rss() / 1e6).toFixed(0);
  const cells = [isolation, rest, results.foreign, results.failed, ...same, ...fresh, rss];
  console.log(`| ${cells.join(" | ")} |`);
  if (results.failed > 0 || (results.foreign > 0 && isolation !== "shared")) process.exitCode = 1;
  await pool.close();
}
