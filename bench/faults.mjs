// node bench/faults.mjs [--share 0.1]: tools that do harm, alone and among good calls, with deadlines of 100 ms; `--share` of the full numbers.
// This process is that of the host: that it comes to its end is the first thing asked. Ends with status 1 when something asked does not hold.
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { parseArgs } from "node:util";
import { buildComponent } from "tenon/build";
import { compose } from "tenon/compose";
import { createPool, loadCore } from "tenon/hosts/node";
import { readNumber } from "./options.mjs";
import { readyMade } from "./parts.mjs";

const { values } = parseArgs({ options: { share: { type: "string", default: "1" } } });
const share = readNumber("share", values.share, { least: 0.001, most: 10, whole: false });

const DEADLINE_MS = 100;
const WORKERS = 2;
/** Threads of a pool: one is kept ready. */
const THREADS = WORKERS + 1;
const CLIENTS = 4;
const READY_MS = 500;
const REST_MS = 10_000;
const GROWTH_MB = 20;
const NEVER = 1_000_000;
/** After which a part rests, unless told otherwise. */
const FAILURES = 5;
/** Of calls among which there are as many that fail. */
const ROUNDS = 20;
/** Those that end threads come last: what an instance has grown to is its own until it is replaced. */
const ALONE = {
  output: 100,
  random: 100,
  flood: 1,
  overflow: 500,
  bomb: 500,
  loop: 1000,
  init: 1000,
  link: 1000,
};
/** Calls among which every tenth does harm. */
const MIXED = 10_000;
const partOf = (full) => Math.max(1, Math.round(full * share));
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
const core = await loadCore(bytes);
const open = (guests = {}, listeners = {}) =>
  createPool(core, {
    limits: { guests },
    workers: WORKERS,
    patient: true,
    allReady: true,
    log: () => {},
    ...listeners,
  });

/** Runs a call; gives how it ended and how long that took. */
async function call(pool, name, deadlineMs) {
  const params = JSON.stringify({ name, arguments: name === "add" ? { a: 20, b: 22 } : {} });
  const started = performance.now();
  const request = { id: "1", method: "tools/call", target: name, params };
  const result = await pool.handle("{}", request, { deadline: Date.now() + deadlineMs });
  const end = result.failure ?? result.outcome.tag;
  const isRight = end === "success" && result.outcome.val.includes("42");
  return { end, isRight, ms: performance.now() - started };
}

const good = (pool) => call(pool, "add", 10_000);
const rssMb = () => process.memoryUsage.rss() / 1e6;

function percentile(numbers, of) {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(sorted.length * of) - 1)] ?? 0;
}

/** Milliseconds until all threads can take calls. */
async function untilReady(pool) {
  const started = performance.now();
  while (pool.stats().idle < THREADS) await wait(1);
  return performance.now() - started;
}

const asked = [];
function ask(what, found, bound, unit = "") {
  const holds = found <= bound;
  asked.push(`| ${what} | ${Number(found.toFixed(2))}${unit} | ${bound}${unit} | ${holds ? "" : "**no**"} |`);
  if (!holds) process.exitCode = 1;
}

let goodCalls = 0;
let goodWrong = 0;
function judge({ isRight }) {
  goodCalls++;
  if (!isRight) goodWrong++;
}

/** Each fault alone, with a good call behind it. */
async function alone() {
  const pool = await open({ failures: NEVER });
  for (let i = 0; i < 50 * THREADS; i++) await good(pool);
  const baseline = rssMb();
  const ready = [];
  console.log("| fault | calls | ended | next good call, ms: median, worst | all threads ready |");
  console.log("| --- | --- | --- | --- | --- |");
  for (const [fault, full] of Object.entries(ALONE)) {
    const ends = {};
    const next = [];
    const restored = [];
    for (let i = 0; i < partOf(full); i++) {
      const { end } = await call(pool, fault, DEADLINE_MS);
      ends[end] = (ends[end] ?? 0) + 1;
      const [answer, readyMs] = await Promise.all([good(pool), untilReady(pool)]);
      judge(answer);
      next.push(answer.ms);
      restored.push(readyMs);
    }
    ready.push(...restored);
    const times = [next, restored].map((each) =>
      [0.5, 1].map((most) => percentile(each, most).toFixed(0)).join(", "),
    );
    console.log(`| ${fault} | ${next.length} | ${JSON.stringify(ends)} | ${times.join(" | ")} |`);
  }
  ask("until all threads are ready after a fault, 99 of 100", percentile(ready, 0.99), READY_MS, " ms");
  // What was let go is given back by the collector in its own time.
  await wait(REST_MS);
  ask(`memory beyond that before, ${REST_MS / 1000} s after`, rssMb() - baseline, GROWTH_MB, " MB");
  await pool.close();
}

/** Calls of several clients, every tenth of which is one of the faults; the time within which 99 of 100 good ones ended. */
async function mix(pool, count, faults) {
  const times = [];
  let sent = 0;
  const client = async () => {
    while (sent < count) {
      const nth = sent++;
      if (faults.length > 0 && nth % 10 === 9) {
        await call(pool, faults[((nth - 9) / 10) % faults.length], DEADLINE_MS);
      } else {
        const answer = await good(pool);
        judge(answer);
        times.push(answer.ms);
      }
    }
  };
  await Promise.all(Array.from({ length: CLIENTS }, client));
  return percentile(times, 0.99);
}

async function mixed() {
  const count = partOf(MIXED);
  const without = await open({ failures: NEVER });
  await mix(without, count, []);
  const among = await mix(
    without,
    count,
    Object.keys(ALONE).filter((fault) => fault !== "flood"),
  );
  await without.close();
  ask("good calls while one in ten does harm, 99 of 100", among, 3 * DEADLINE_MS, " ms");
  let lost = 0;
  let lostByThen = Infinity;
  const resting = await open(
    {},
    {
      onReplaced: () => lost++,
      log(lines) {
        if (Buffer.from(lines).includes("is open for")) lostByThen = Math.min(lostByThen, lost);
      },
    },
  );
  const before = await mix(resting, count, []);
  // All that fail, as a tool that answers with an error is none to be given a rest.
  const loops = ["loop", "init", "link"];
  // Calls that waited for a thread until their deadline say nothing of their part, so there are more than it takes.
  for (let i = 0; i < ROUNDS && resting.stats().resting.length === 0; i++) {
    await mix(resting, 10 * FAILURES, loops);
  }
  // Others may run by then.
  ask("threads lost until a part rests", lostByThen, FAILURES + WORKERS - 1);
  const after = await mix(resting, count, loops);
  await resting.close();
  ask("good calls while a part rests, 99 of 100, beside those alone", after / before, 2, "x");
}

await alone();
await mixed();
ask(`good calls not answered rightly, of ${goodCalls}`, goodWrong, 0);
console.log("\n| asked | found | at most | holds |\n| --- | --- | --- | --- |");
console.log(asked.join("\n"));
