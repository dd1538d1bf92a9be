// How large components and cores are, and how long it takes to make them.
import { randomInt } from "node:crypto";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { buildComponent } from "tenon/build";
import { compose } from "tenon/compose";
import { composeProject } from "../dist/src/project/index.js";
import { median } from "./load.mjs";
import { addProvider, passMiddleware, readyMade } from "./parts.mjs";

const root = join(import.meta.dirname, "..");

/** Sizes of the components that come with the package, and of cores made of them. */
export async function sizes() {
  const files = await readdir(join(root, "dist", "components"));
  const names = files
    .filter((file) => file.endsWith(".wasm") && !file.startsWith("adapter-"))
    .map((file) => file.slice(0, -".wasm".length))
    .sort();
  const rows = [];
  for (const name of names) rows.push(sizeRow(name, await readyMade(name)));
  const providers = [{ as: "calculator", bytes: await readyMade("calculator") }];
  const link = { as: "access-log", bytes: await readyMade("access-log") };
  const six = [1, 2, 3, 4, 5].map((n) => ({ ...link, as: `log-${n}` }));
  const cores = { "core: calculator": [], "… + access-log": [link], "… + 5 × access-log": six };
  for (const [name, middleware] of Object.entries(cores)) {
    const input = { name: "bench", version: "1.0.0", access: "public", providers, middleware };
    rows.push(sizeRow(name, (await compose(input)).bytes));
  }
  const demo = await composeProject(join(root, "tenon.json"));
  rows.push(sizeRow("core: the demo server of tenon.json", demo.bytes));
  return { title: "Sizes", head: ["what", "raw", "gzip"], rows };
}

function sizeRow(name, bytes) {
  return [name, `${(bytes.length / 1e6).toFixed(2)} MB`, `${(gzipSync(bytes).length / 1e6).toFixed(2)} MB`];
}

/** Building one small tool, and composing up to 50 providers: whether it stays linear shows in the last column. */
export async function making() {
  await addProvider();
  const rows = [
    timeRow("build: a tool with zod", await timed(() => addProvider())),
    timeRow("build: the same, changed since", await timed(() => addProvider(1, `p${randomInt(2 ** 40)}_`))),
    timeRow("build: a middleware", await timed(() => passMiddleware())),
  ];
  const parts = [];
  for (let i = 0; i < 50; i++) {
    parts.push({ as: `provider-${i}`, bytes: await addProvider(1, `p${i}_`) });
  }
  const entry = join(root, "components", "calculator", "tool.ts");
  rows.splice(1, 0, timeRow("build: calculator", await timed(() => buildComponent({ entry }))));
  for (const count of [1, 10, 50]) {
    const providers = parts.slice(0, count);
    const input = { name: "bench", version: "1.0.0", access: "public", providers, middleware: [] };
    const { ms, value } = await timed(() => compose(input));
    rows.push([
      `compose: ${count} ${count === 1 ? "provider" : "providers"}, ${(value.bytes.length / 1e6).toFixed(1)} MB`,
      `${ms.toFixed(0)} ms`,
      `${(ms / count).toFixed(1)} ms`,
    ]);
  }
  return { title: "Making", head: ["what", "warm", "a provider"], rows };
}

function timeRow(name, { ms }) {
  return [name, `${ms.toFixed(0)} ms`, ""];
}

/** The median of three runs after a first, which loads what is loaded lazily. */
async function timed(work) {
  const times = [];
  let value;
  for (let i = 0; i < 4; i++) {
    const started = performance.now();
    value = await work();
    if (i > 0) times.push(performance.now() - started);
  }
  return { value, ms: median(times) };
}
