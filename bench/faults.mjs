// Tools that do harm, alone and among good calls, with deadlines of 100 ms: node bench/faults.mjs [share of the full numbers, default 1]
import { join } from "node:path";
import { buildComponent } from "tenon/build";
import { compose } from "tenon/compose";
import { createPool, loadCore } from "tenon/hosts/node";
import { readyMade } from "./parts.mjs";

const share = Number(process.argv[2] ?? 1);
const DEADLINE_MS = 100;
const FULL = {
  loop: 1000,
  init: 1000,
  link: 1000,
  bomb: 500,
  overflow: 500,
  output: 100,
  flood: 1,
  random: 100,
};
const fixtures = join(import.meta.dirname, "..", "test", "fixtures", "components");

const build = async (name) => (await buildComponent({ entry: join(fixtures, `${name}.ts`) })).bytes;
const { bytes } = await compose({
  name: "faults",
  version: "1.0.0",
  access: "public",
  providers: [
    { as: "faulty", bytes: await build("faulty") },
    { as: "calculator", bytes: await readyMade("calculator") },
  ],
  middleware: [{ as: "faulty-link", bytes: await build("faulty-link") }],
});
const limits = { guests: { failures: 1_000_000 } };
const pool = await createPool(await loadCore(bytes, { limits }), { limits, patient: true, log: () => {} });

/** Runs a call; gives how it ended and how long that took. */
async function call(name, deadlineMs) {
  const params = JSON.stringify({ name, arguments: name === "add" ? { a: 20, b: 22 } : {} });
  const started = performance.now();
  const request = { id: "1", method: "tools/call", target: name, params };
  const result = await pool.handle("{}", request, { deadline: Date.now() + deadlineMs });
  const end = result.failure ?? result.outcome.tag;
  const isRight = end === "success" && result.outcome.val.includes("42");
  return { end, isRight, ms: performance.now() - started };
}

const good = () => call("add", 10_000);
const rssMb = () => process.memoryUsage().rss / 1e6;

for (let i = 0; i < 50; i++) await good();
const baseline = rssMb();
console.log("| fault | calls | ended | good calls right | restored, ms: median, worst |");
console.log("| --- | --- | --- | --- | --- |");
for (const [fault, full] of Object.entries(FULL)) {
  const count = Math.max(1, Math.round(full * share));
  const ends = {};
  const restored = [];
  let right = 0;
  for (let i = 0; i < count; i++) {
    const { end } = await call(fault, DEADLINE_MS);
    ends[end] = (ends[end] ?? 0) + 1;
    const { isRight, ms } = await good();
    if (isRight) right++;
    restored.push(ms);
  }
  restored.sort((a, b) => a - b);
  const times = `${restored[count >> 1].toFixed(0)}, ${restored.at(-1).toFixed(0)}`;
  console.log(`| ${fault} | ${count} | ${JSON.stringify(ends)} | ${right} of ${count} | ${times} |`);
}
// What was let go is given back by the collector in its own time.
await new Promise((resolve) => setTimeout(resolve, 10_000));
console.log(`\nRSS: ${baseline.toFixed(0)} MB before, ${rssMb().toFixed(0)} MB 10 s after`);
await pool.close();
