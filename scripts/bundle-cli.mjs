// Puts what starts into few files, since each file costs the module loader of Node more than what is in it: the command line
// becomes one script, in which a command is run when it is needed, and what threads and processes start from becomes one file each.
import { chmodSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { build } from "esbuild";

const dist = join(import.meta.dirname, "..", "dist");
/** Packages that every server loads: small, and without state. */
const INLINED = ["@jridgewell/sourcemap-codec", "@noble/ciphers"];
/** Marks a module of Node in what esbuild writes. */
const OF_NODE = "of-node!";
/** Marks what is imported when it is needed. */
const LATER = "later!";
const { dependencies, peerDependencies } = JSON.parse(readFileSync(join(dist, "..", "package.json"), "utf8"));
const common = {
  absWorkingDir: dist,
  bundle: true,
  platform: "node",
  target: "node20",
  external: Object.keys({ ...dependencies, ...peerDependencies }).filter((name) => !INLINED.includes(name)),
  logLevel: "warning",
  // Names stay as they are, for stack traces.
  minifySyntax: true,
  minifyWhitespace: true,
  allowOverwrite: true,
};
// Nothing is imported for what it does: of a folder's index a command gets what it uses.
const pure = relative("pure", ({ path, resolveDir }) => ({
  path: resolve(resolveDir, path),
  sideEffects: false,
}));
const script = {
  ...common,
  // Node starts this kind sooner than modules, and V8 keeps the code of scripts alone.
  format: "cjs",
  define: { "import.meta.url": "ownUrl" },
  plugins: [pure],
};
/** Files of the package are looked for from `dist`: in `dist/cli` lies a `package.json` that says what kind its files are. */
const OWN_URL = `"use strict";const ownUrl=require("node:url").pathToFileURL(require("node:path").join(__dirname,"..","cli.js")).href;`;

rmSync(join(dist, "cli"), { recursive: true, force: true });
await build({
  ...script,
  entryPoints: { main: "src/cli/start.js" },
  outdir: "cli",
  banner: { js: OWN_URL },
});
const [program] = (
  await build({
    ...script,
    entryPoints: ["src/cli/main.js"],
    outdir: "cli",
    banner: { js: `(function(require,importModule,ownUrl){"use strict";` },
    footer: { js: "})" },
    plugins: [{ name: "later", setup: markImports }, pure],
    write: false,
  })
).outputFiles;
writeFileSync(join(dist, "cli", "program.js"), withImportModule(program.text));
writeFileSync(join(dist, "cli", "package.json"), '{ "type": "commonjs" }\n');
const inPlace = { ...common, format: "esm", outbase: ".", outdir: "." };
await bundleModules({ ...inPlace, entryPoints: ["src/cli/reload/load-thread.js"], plugins: [pure] });
// What is loaded later lies where it lay.
const lazy = relative("lazy", ({ path, kind }) =>
  kind === "dynamic-import" ? { path, external: true } : undefined,
);
const ofHost = ["hosts/node/worker.js", "hosts/node/process.js"];
await bundleModules({ ...inPlace, entryPoints: ofHost, plugins: [lazy] });
const worker = join(dist, ofHost[0]);
// It imports and exports nothing, so that it can be a script as well, which a thread starts sooner.
writeFileSync(worker.replace(/js$/, "cjs"), `"use strict";(async()=>{${readFileSync(worker, "utf8")}})();`);
rmSync(worker);
// `npx tenon` in this repository runs it as a program, and goes on with the link it made for this folder when the program was
// where the compiler puts it.
for (const folder of ["cli", "src/cli"]) chmodSync(join(dist, folder, "main.js"), 0o755);

function markImports(context) {
  context.onResolve({ filter: /^[^.]/ }, ({ kind, path }) =>
    kind === "dynamic-import" ? { path: LATER + path, external: true } : undefined,
  );
}

/** A script cannot import by itself. */
function withImportModule(text) {
  const result = text.replaceAll(`import("${LATER}`, 'importModule("').replace(/^#!.*\n/, "");
  if (result.includes(LATER))
    throw new Error("Something is imported in a way that this script does not know");
  return result;
}

function relative(name, resolved) {
  return { name, setup: (context) => context.onResolve({ filter: /^\./ }, resolved) };
}

/** Writes what esbuild makes of it. */
async function bundleModules(options) {
  const plugins = [{ name: "of-node", setup: markModulesOfNode }, ...options.plugins];
  const { outputFiles } = await build({ ...options, plugins, write: false });
  for (const { path, text } of outputFiles) {
    writeFileSync(path, withModulesOfNode(text));
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
