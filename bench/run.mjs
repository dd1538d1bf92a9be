// npm run bench [-- case …] [--against [--record]] [--seconds N] [--rounds N]: prints figures and their ratios, taken in one run.
import { cpus } from "node:os";
import { parseArgs } from "node:util";
import { against } from "./against.mjs";
import { limits, lists, node, viceroy } from "./cases.mjs";
import { coldStart } from "./cold-start.mjs";
import { freshTokens } from "./fresh-tokens.mjs";
import { fused } from "./fused.mjs";
import { making, sizes } from "./making.mjs";
import { exitWith, readNumber } from "./options.mjs";
import { passages } from "./passages.mjs";
import { tokens } from "./tokens.mjs";
import { wasmtime } from "./wasmtime.mjs";

const cases = {
  sizes,
  making,
  coldStart,
  node,
  passages,
  limits,
  lists,
  wasmtime,
  viceroy,
  fused,
  tokens,
  freshTokens,
};

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seconds: { type: "string", default: "3" },
    rounds: { type: "string", default: "3" },
    against: { type: "boolean", default: false },
    record: { type: "boolean", default: false },
  },
});
const unknown = positionals.find((name) => !Object.hasOwn(cases, name));
if (unknown !== undefined) exitWith(`There is no case "${unknown}". Cases: ${Object.keys(cases).join(", ")}`);
if (values.record && !values.against) exitWith("--record keeps what --against measures, and needs it");
const settings = {
  seconds: readNumber("seconds", values.seconds, { least: 0.1, most: 600, whole: false }),
  rounds: readNumber("rounds", values.rounds, { least: 1, most: 100 }),
  record: values.record,
};
// The peers come from the registry, so that they are measured where that is asked for.
const all = values.against ? [] : Object.keys(cases);
const chosen = (positionals.length > 0 ? positionals : all).map((name) => cases[name]);
if (values.against) chosen.push(against);

process.stdout.write(
  `Node ${process.versions.node}, ${process.platform} ${process.arch}, ${cpus().length} cores; `,
);
process.stdout.write(
  `${settings.rounds} rounds of ${settings.seconds} s, 8 connections unless said; compare within this run only\n`,
);
for (const run of chosen) {
  for (const table of [await run(settings)].flat()) print(table);
}

function print({ title, skipped, head, rows }) {
  process.stdout.write(`\n## ${title}\n\n`);
  if (skipped) {
    process.stdout.write(`NOT RUN: ${skipped}\n`);
    return;
  }
  const lines = [head, head.map((_, i) => (i === 0 ? "---" : "---:")), ...rows];
  process.stdout.write(`${lines.map((cells) => `| ${cells.join(" | ")} |`).join("\n")}\n`);
}
