// npm run prove:guards [-- text …]: takes each guard of scripts/guards.mjs out of a copy of the project in turn, and runs the test file that is
// said to hold it. A guard that no test misses is none that stays: then this ends with status 1. Texts choose the guards whose
// names have one of them.
import { execFileSync, spawn } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { transformSync } from "esbuild";
import { GUARDS } from "./guards.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const RUN_LIMIT_MS = 300_000;
/** Without its guard a test may wait for what never comes. */
const LIMITS = ["--testTimeout=60000", "--hookTimeout=120000", "--teardownTimeout=10000"];
const wanted = process.argv.slice(2);
const chosen = GUARDS.filter(({ name }) => wanted.length === 0 || wanted.some((text) => name.includes(text)));
if (chosen.length === 0) {
  process.stderr.write(`No guard has ${wanted.map((text) => `"${text}"`).join(" or ")} in its name\n`);
  process.exit(2);
}
if (!existsSync(join(root, "dist", "modules"))) {
  process.stderr.write("Build first: npm run build\n");
  process.exit(2);
}

const folder = mkdtempSync(join(tmpdir(), "tenon-guards-"));
const copy = join(folder, "project");
/** What tests keep with every guard in place. */
const kept = join(folder, "kept");
const controls = new Map();
try {
  copyProject();
  const rows = [];
  for (const guard of chosen) {
    const row = await prove(guard);
    rows.push(row);
    process.stderr.write(`${row.held ? "held  " : "FAILED"}  ${guard.name}: ${row.by}\n`);
  }
  print(rows);
  process.exitCode = rows.every(({ held }) => held) ? 0 : 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}

/** What git knows of or would take, and what was built; packages are shared. */
function copyProject() {
  const options = { cwd: root, encoding: "utf8", maxBuffer: 64 * 1024 * 1024 };
  const files = execFileSync(
    "git",
    ["ls-files", "-z", "--cached", "--others", "--exclude-standard"],
    options,
  );
  for (const file of files.split("\0")) {
    if (file !== "" && existsSync(join(root, file))) cpSync(join(root, file), join(copy, file));
  }
  cpSync(join(root, "dist"), join(copy, "dist"), { recursive: true });
  takeApart();
  symlinkSync(join(root, "node_modules"), join(copy, "node_modules"));
  mkdirSync(kept, { mode: 0o700 });
  const components = join(root, "node_modules", ".cache", "tenon", "components");
  // What the engine makes is named by all that goes into it.
  if (existsSync(components)) symlinkSync(components, join(kept, "components"));
}

/** What was bundled starts from single files again, so that a guard that is taken out of one is out. */
function takeApart() {
  for (const name of ["hosts/node/worker", "hosts/node/process", "src/cli/reload/load-thread"]) {
    writeFileSync(join(copy, "dist", `${name}.js`), compiled(readFileSync(join(copy, `${name}.ts`), "utf8")));
  }
  writeFileSync(join(copy, "dist", "hosts", "node", "worker.cjs"), 'void import("./worker.js");\n');
  writeFileSync(
    join(copy, "dist", "cli", "main.js"),
    '#!/usr/bin/env node\nvoid import("../src/cli/main.js");\n',
  );
}

async function prove(guard) {
  const { name, file, test } = guard;
  try {
    // A test that fails anyway proves nothing.
    const before = await control(guard);
    if (before.failed > 0 || before.passed === 0) {
      return {
        name,
        held: false,
        by: `${test} fails with the guard in place: ${before.first ?? before.ended}`,
      };
    }
    const restore = remove(guard);
    const cache = mkdtempSync(join(folder, "cache-"));
    cpSync(kept, cache, { recursive: true, verbatimSymlinks: true });
    try {
      const { failed, first, ended } = await run(guard, cache, LIMITS);
      if (failed > 0) return { name, held: true, by: first };
      return { name, held: false, by: ended ?? `${test} passes without it` };
    } finally {
      restore();
      rmSync(cache, { recursive: true, force: true });
    }
  } catch (error) {
    return { name, held: false, by: `${file}: ${error.message}` };
  }
}

/** How the tests of a guard end with the guard in place. */
function control(guard) {
  const key = `${guard.test} ${guard.named}`;
  if (!controls.has(key)) controls.set(key, run(guard, kept));
  return controls.get(key);
}

/** Takes a guard out of the source and of what was built of it; the result puts it back. */
function remove({ file, code, becomes = "" }) {
  const path = join(copy, file);
  const source = readFileSync(path, "utf8");
  const found = source.split(code).length - 1;
  if (found !== 1) throw new Error(`its code is there ${found} times, not once`);
  const changed = source.replace(code, () => becomes);
  const built = join(copy, "dist", file.replace(/\.ts$/, ".js"));
  const before = existsSync(built) ? readFileSync(built) : undefined;
  writeFileSync(path, changed);
  if (before) writeFileSync(built, compiled(changed));
  return () => {
    writeFileSync(path, source);
    if (before) writeFileSync(built, before);
  };
}

function compiled(source) {
  const tsconfigRaw = { compilerOptions: { verbatimModuleSyntax: true } };
  const { code } = transformSync(source, { loader: "ts", target: "es2023", tsconfigRaw });
  return code.replaceAll(/(\bfrom|\bimport\(|\bimport) ?"(\.{1,2}\/[^"]+)\.ts"/g, '$1 "$2.js"');
}

/** Runs one test file. What was made without a guard must not be found later, so the cache is one of its own then. */
async function run({ test, named }, cache, limits = []) {
  const report = join(cache, "report.json");
  const args = ["run", test, "--bail=1", "--reporter=json", `--outputFile=${report}`, ...limits];
  if (named !== undefined) args.push("-t", named);
  const child = spawn(join(copy, "node_modules", ".bin", "vitest"), args, {
    cwd: copy,
    env: { ...process.env, TENON_CACHE_DIR: cache, NO_COLOR: "1" },
    stdio: "ignore",
    timeout: RUN_LIMIT_MS,
    killSignal: "SIGKILL",
  });
  const [status] = await once(child, "exit");
  try {
    const { numPassedTests, numFailedTests, testResults } = JSON.parse(readFileSync(report, "utf8"));
    const failing = testResults
      .flatMap(({ assertionResults }) => assertionResults)
      .find((each) => each.status === "failed");
    // A file that does not even load has no failed test.
    const ended =
      status !== 0 && numFailedTests === 0 ? `${test} does not run: ${testResults[0]?.message}` : undefined;
    return { passed: numPassedTests, failed: numFailedTests, first: failing?.fullName, ended };
  } catch {
    return {
      passed: 0,
      failed: 0,
      first: undefined,
      ended: `${test} did not end within ${RUN_LIMIT_MS / 1000} s`,
    };
  } finally {
    rmSync(report, { force: true });
  }
}

function print(rows) {
  process.stdout.write("| guard | without it fails |\n| --- | --- |\n");
  for (const { name, held, by } of rows) {
    process.stdout.write(`| ${name} | ${held ? "" : "**not held**: "}${cell(by)} |\n`);
  }
  process.stdout.write(
    `\n${rows.filter(({ held }) => held).length} of ${rows.length} guards are held by a test\n`,
  );
}

function cell(text) {
  return text.replaceAll(/[|\n]+/g, " ").slice(0, 120);
}
