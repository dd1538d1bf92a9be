// Builds every component of components/ and middleware/ into dist/components/<name>.wasm, and the middleware into modules, of which
// `tenon compose` fuses several. What has not changed since, by the content of its sources and of the toolchain, is left as
// it is.
import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { createRequire } from "node:module";
import { basename, dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { buildComponent } from "../dist/src/build/index.js";
import { writeReadyMadeModules } from "../dist/src/build/ready-made-modules.js";
import { buildEngineFree, isEngineFree } from "./engine-free.mjs";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const OUTPUT = join(ROOT, "dist", "components");
const STAMPS = join(OUTPUT, ".stamps");
const ENTRIES = { components: "tool.ts", middleware: "middleware.ts" };
/** Served from their sources by tests alone. */
const NOT_READY_MADE = new Set(["conformance"]);
/** What every build depends on. */
const TOOLCHAIN = [
  "dist/src/sdk",
  "dist/src/guest",
  "dist/src/build",
  "dist/src/http",
  "dist/src/manifest",
  "dist/src/source-map",
  "dist/src/wasm",
  "dist/src/wit",
  "wit",
];

const require = createRequire(import.meta.url);
const toolchainHash = hashToolchain();
mkdirSync(STAMPS, { recursive: true });

let failed = false;
for (const entry of findEntries()) {
  try {
    console.log(await build(entry));
  } catch (error) {
    failed = true;
    console.error(
      [`Error: ${error.message}`, ...(error.details ?? []).map((line) => `       ${line}`)].join("\n"),
    );
    if (error.hint !== undefined) console.error(`Hint:  ${error.hint}`);
  }
}
await writeReadyMadeModules(
  Object.fromEntries(
    findEntries()
      .filter((entry) => basename(entry) === ENTRIES.middleware && !isEngineFree(entry))
      .map((entry) => [basename(dirname(entry)), entry]),
  ),
);
process.exitCode = failed ? 1 : 0;

function findEntries() {
  return Object.entries(ENTRIES).flatMap(([folder, file]) =>
    readdirSync(join(ROOT, folder), { withFileTypes: true })
      .filter((item) => item.isDirectory() && !NOT_READY_MADE.has(item.name))
      .map((item) => join(ROOT, folder, item.name, file))
      .filter((path) => existsSync(path))
      .sort(),
  );
}

async function build(entry) {
  const name = basename(dirname(entry));
  const output = join(OUTPUT, `${name}.wasm`);
  const stampPath = join(STAMPS, `${name}.json`);
  const stamp = readStamp(stampPath);
  if (stamp !== undefined && existsSync(output) && stamp.hash === hashInputs(entry, stamp.inputs)) {
    return `${stamp.line} (unchanged)`;
  }
  const { bytes, manifest, imports, inputs, sizes, warnings } = await (
    isEngineFree(entry) ? buildEngineFree : buildComponent
  )({ entry });
  if (manifest.name !== name) throw new Error(`${entry} is named "${manifest.name}", unlike its folder`);
  for (const warning of warnings) console.error(`Warning: ${warning}`);
  const partial = `${output}.${process.pid}`;
  writeFileSync(partial, bytes);
  renameSync(partial, output);
  const tools =
    manifest.kind === "provider" ? manifest.tools.map((tool) => tool.name).join(", ") : "middleware";
  const line = `${name}: ${tools}; ${kilobytes(sizes.raw)}, ${kilobytes(sizes.gzip)} gzip; imports ${imports.join(", ")}`;
  writeFileSync(stampPath, JSON.stringify({ hash: hashInputs(entry, inputs), inputs, line }));
  return line;
}

function readStamp(path) {
  try {
    return JSON.parse(readFileSync(path, "utf8"));
  } catch {
    return undefined;
  }
}

function hashInputs(entry, inputs) {
  const hash = createHash("sha256").update(toolchainHash);
  for (const input of inputs) {
    const path = resolve(dirname(entry), input);
    hash.update(`\0${input}\0`).update(existsSync(path) ? readFileSync(path) : "");
  }
  return hash.digest("hex");
}

function hashToolchain() {
  const hash = createHash("sha256");
  for (const folder of TOOLCHAIN) {
    for (const path of readdirSync(join(ROOT, folder), { encoding: "utf8", recursive: true }).sort()) {
      const file = join(ROOT, folder, path);
      if (statSync(file).isFile()) hash.update(`\0${path}\0`).update(readFileSync(file));
    }
  }
  for (const name of ["assemblyscript", "componentize-qjs", "esbuild", "zod"]) {
    hash.update(`${name}@${require(`${name}/package.json`).version}\0`);
  }
  return hash.update(require("../package.json").version).digest("hex");
}

function kilobytes(bytes) {
  return `${Math.round(bytes / 1000)} kB`;
}
