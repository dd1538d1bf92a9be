// npm run bench [-- case …] [--seconds N] [--rounds N]: prints figures and their ratios, taken in one run.
import { cpus } from "node:os";
import { parseArgs } from "node:util";
import { coldStart, limits, lists, node, viceroy } from "./cases.mjs";
import { freshTokens } from "./fresh-tokens.mjs";
import { fused } from "./fused.mjs";
import { making, sizes } from "./making.mjs";
import { tokens } from "./tokens.mjs";
import { wasmtime } from "./wasmtime.mjs";

const cases = {
  sizes,
  making,
  coldStart,
  node,
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
  options: { seconds: { type: "string", default: "3" }, rounds: { type: "string", default: "3" } },
});
const unknown = positionals.filter((name) => !(name in cases));
if (unknown.length > 0) {
  process.stderr.write(`There is no case "${unknown[0]}". Cases: ${Object.keys(cases).join(", ")}\n`);
  process.exit(2);
}
const settings = { seconds: Number(values.seconds), rounds: Number(values.rounds) };
const chosen = positionals.length > 0 ? positionals : Object.keys(cases);

process.stdout.write(
  `Node ${process.versions.node}, ${process.platform} ${process.arch}, ${cpus().length} cores; `,
);
process.stdout.write(
  `${settings.rounds} rounds of ${settings.seconds} s, 8 connections; compare within this run only\n`,
);
for (const name of chosen) {
  const { title, skipped, head, rows } = await cases[name](settings);
  process.stdout.write(`\n## ${title}\n\n`);
  if (skipped) {
    process.stdout.write(`NOT RUN: ${skipped}\n`);
    continue;
  }
  const lines = [head, head.map((_, i) => (i === 0 ? "---" : "---:")), ...rows];
  process.stdout.write(`${lines.map((cells) => `| ${cells.join(" | ")} |`).join("\n")}\n`);
}
