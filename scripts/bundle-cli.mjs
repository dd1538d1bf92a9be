// Puts what starts into few files, since each file costs the module loader of Node more than what is in it: the command line
// becomes `dist/cli`, with files for what several commands share, and what threads and processes start from becomes one
// file each, in place. What a command loads when it needs it stays apart.
import { chmodSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { build } from "esbuild";

const root = join(import.meta.dirname, "..");
const dist = join(root, "dist");
const commands = join(dist, "src/cli/commands");
/** What `serve` is: it loads the first one while its first thread starts. */
const OF_SERVE = [join(dist, "src/cli/run-server.js"), join(commands, "serve.js")];
/** The program itself, which is there first and loads nothing that it does not need. */
const MAIN = join(dist, "src/cli/main.js");
/** Commands that are waited for most, each by itself. */
const APART = new Set(["build.js", "serve.js"]);
/** What `build` alone loads. */
const OF_BUILD = [join(commands, "build.js"), join(dist, "src/build")];
/** Packages that every server loads: small, and without state. */
const INLINED = ["@jridgewell/sourcemap-codec", "@noble/ciphers"];
/** Marks a module of Node in what esbuild writes. */
const OF_NODE = "of-node!";
const { dependencies, peerDependencies } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
const common = {
  absWorkingDir: dist,
  bundle: true,
  format: "esm",
  platform: "node",
  target: "node20",
  external: Object.keys({ ...dependencies, ...peerDependencies }).filter((name) => !INLINED.includes(name)),
  logLevel: "warning",
  // Names stay as they are, for stack traces.
  minifySyntax: true,
  minifyWhitespace: true,
  write: false,
};

rmSync(join(dist, "cli"), { recursive: true, force: true });
await bundle({
  ...common,
  entryPoints: ["src/cli/main.js", "src/cli/reload/load-thread.js"],
  entryNames: "[name]",
  chunkNames: "[name]-[hash]",
  outdir: "cli",
  splitting: true,
  plugins: [
    { name: "commands", setup: groupCommands },
    { name: "beside", setup: putBesideServe },
    // Nothing is imported for what it does: of a folder's index a command gets what it uses.
    relative("pure", ({ path, resolveDir }) => ({ path: resolve(resolveDir, path), sideEffects: false })),
  ],
});
await bundle({
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
    const files = readdirSync(commands).filter((file) => file.endsWith(".js") && file !== "build.js");
    return { contents: files.map((file) => `export * from "./${file}";`).join(""), resolveDir: commands };
  });
}

/**
 * Has all that is loaded later, but for what `build` loads, reach what `serve` does, which is there by then: esbuild makes a file of
 * the modules that the same entries reach, and so `serve` would be as many files as there are ways to share a part of it.
 */
function putBesideServe(context) {
  context.onResolve({ filter: /^\./ }, ({ kind, path, resolveDir }) => {
    const file = resolve(resolveDir, path);
    const isLater = kind === "dynamic-import" || kind === "entry-point";
    const isOwn = [MAIN, ...OF_SERVE, ...OF_BUILD].some((start) => file.startsWith(start));
    return isLater && !isOwn ? { path: file, namespace: "beside" } : undefined;
  });
  context.onLoad({ filter: /.*/, namespace: "beside" }, ({ path }) => ({
    contents: `export * from ${JSON.stringify(path)}; export { runServer } from ${JSON.stringify(OF_SERVE[0])};`,
    resolveDir: dirname(path),
  }));
}

function relative(name, resolved) {
  return { name, setup: (context) => context.onResolve({ filter: /^\./ }, resolved) };
}

/** Writes what esbuild makes of it. */
async function bundle(options) {
  const plugins = [{ name: "of-node", setup: markModulesOfNode }, ...options.plugins];
  const { outputFiles } = await build({ ...options, plugins });
  for (const { path, text } of outputFiles) {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, withModulesOfNode(text));
  }
}

function markModulesOfNode(context) {
  context.onResolve({ filter: /^node:/ }, ({ kind, path }) =>
    kind === "import-statement" ? { path: OF_NODE + path, external: true } : undefined,
  );
}

/**
 * Takes modules of Node as they are in place of importing them: an import reads each of their properties, and some of those load
 * further modules, such as the whole of undici for the `WebSocket` of `node:http`.
 */
function withModulesOfNode(text) {
  const taken = [];
  const [first = ""] = text.match(/^#!.*\n/) ?? [];
  const pattern = new RegExp(
    `import\\s*(\\w+)?[\\s,]*(?:\\{([^}]*)\\})?\\s*from\\s*"${OF_NODE}([\\w:/]+)";`,
    "g",
  );
  const rest = text.slice(first.length).replace(pattern, (_, whole, names, module) => {
    const parts = [whole, names?.trim() && `{${names.replaceAll(" as ", ":")}}`].filter(Boolean);
    taken.push(...parts.map((part) => `const ${part}=process.getBuiltinModule("${module}");\n`));
    return "";
  });
  // First, as imports are.
  const result = first + taken.join("") + rest;
  if (result.includes(OF_NODE))
    throw new Error("A module of Node is imported in a way that this script does not know");
  return result;
}
