// Puts what starts into few files, since each file costs the module loader of Node more than what is in it: the command line
// becomes `dist/cli`, with files for what several commands share, and what threads and processes start from becomes one
// file each, in place. What a command loads when it needs it stays apart.
import { chmodSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { build } from "esbuild";

const root = join(import.meta.dirname, "..");
const dist = join(root, "dist");
/** Commands that are waited for most, each by itself. */
const APART = new Set(["build.js", "serve.js"]);
/** Packages that every server loads: small, and without state. */
const INLINED = ["@jridgewell/sourcemap-codec", "@noble/ciphers"];
const { dependencies, peerDependencies } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
const common = {
  absWorkingDir: dist,
  bundle: true,
  format: "esm",
  platform: "node",
  target: "node20",
  external: Object.keys({ ...dependencies, ...peerDependencies }).filter((name) => !INLINED.includes(name)),
  logLevel: "warning",
};

rmSync(join(dist, "cli"), { recursive: true, force: true });
await build({
  ...common,
  entryPoints: ["src/cli/main.js", "src/cli/reload/load-thread.js"],
  entryNames: "[name]",
  chunkNames: "[name]-[hash]",
  outdir: "cli",
  splitting: true,
  plugins: [
    { name: "commands", setup: groupCommands },
    // Nothing is imported for what it does: of a folder's index a command gets what it uses.
    relative("pure", ({ path, resolveDir }) => ({ path: resolve(resolveDir, path), sideEffects: false })),
  ],
});
await build({
  ...common,
  entryPoints: ["hosts/node/worker.js", "hosts/node/process.js"],
  outbase: ".",
  outdir: ".",
  allowOverwrite: true,
  plugins: [
    // What is loaded later lies where it lay.
    relative("lazy", ({ path, kind }) => (kind === "dynamic-import" ? { path, external: true } : undefined)),
  ],
});
// `npx tenon` in this repository runs it as a program, and goes on with the link it made for this folder when the program was
// where the compiler puts it.
for (const folder of ["cli", "src/cli"]) chmodSync(join(dist, folder, "main.js"), 0o755);

/** All other commands as one module: what some commands share and others do not would be a file for each such group. */
function groupCommands(context) {
  context.onResolve({ filter: /^\.\/commands\// }, ({ kind, path }) =>
    kind === "dynamic-import" && !APART.has(basename(path))
      ? { path: "commands", namespace: "group" }
      : undefined,
  );
  context.onLoad({ filter: /.*/, namespace: "group" }, () => {
    const resolveDir = join(dist, "src/cli/commands");
    const files = readdirSync(resolveDir).filter((file) => file.endsWith(".js") && !APART.has(file));
    return { contents: files.map((file) => `export * from "./${file}";`).join(""), resolveDir };
  });
}

function relative(name, resolved) {
  return { name, setup: (context) => context.onResolve({ filter: /^\./ }, resolved) };
}
