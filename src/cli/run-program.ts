import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { Script } from "node:vm";
import { defaultCacheDir, openCache } from "../cache/index.ts";
import { packageFile } from "../package/index.ts";

/** What a script does not have of itself: `scripts/bundle-cli.mjs` makes it a function that takes that. */
type Program = (
  require: NodeJS.Require,
  importModule: (specifier: string) => Promise<unknown>,
  ownUrl: string,
) => void;

const FILE = "program.code";
/** When what a server runs first has been run, in milliseconds. */
const KEEP_AFTER_MS = 2000;

/**
 * Runs the program, which is one script, with the code that V8 made of it at an earlier time: reading a megabyte of JavaScript would take
 * longer than what a server does before its first answer. The code of a server is kept, as it has all that is needed by then.
 */
export async function runProgram(): Promise<void> {
  const filename = packageFile("dist", "cli", "program.js");
  const source = readFileSync(filename);
  const key = JSON.stringify([FILE, process.version, process.arch, digestOf(source)]);
  // A folder that is not to be used is told of where something has to be kept in it.
  const cache = await openCache(defaultCacheDir()).catch(() => undefined);
  const cachedData = (await cache?.read(key))?.get(FILE);
  const script = new Script(source.toString("latin1"), {
    filename,
    ...(cachedData && { cachedData }),
  });
  const run = script.runInThisContext() as Program;
  run(createRequire(import.meta.url), (specifier) => import(specifier), import.meta.url);
  if (cache && process.argv[2] === "serve" && script.cachedDataRejected !== false) {
    setTimeout(
      () => void cache.write(key, new Map([[FILE, script.createCachedData()]])),
      KEEP_AFTER_MS,
    ).unref();
  }
}

/** V8 itself only looks at the length of what its code was made of. */
function digestOf(source: Uint8Array): string {
  return createHash("sha256").update(source).digest("hex");
}
