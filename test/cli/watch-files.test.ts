import { mkdirSync, mkdtempSync, realpathSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { watchFiles, type FileWatcher } from "../../src/cli/dev/watch-files.ts";

let root: string;
let folder: string;
let watcher: FileWatcher;
let seen: Set<string>;
let changes: ReturnType<FileWatcher["changes"]>;

beforeEach(async () => {
  root = mkdtempSync(join(realpathSync(tmpdir()), "tenon-watch-"));
  folder = join(root, "project");
  for (const name of ["src", "node_modules", ".git", "dist"])
    mkdirSync(join(folder, name), { recursive: true });
  mkdirSync(join(root, "outside"));
  write("src/a.ts");
  watcher = await watchFiles(folder);
  changes = watcher.changes();
  seen = new Set();
});
afterEach(() => {
  watcher.close();
  rmSync(root, { recursive: true, force: true });
});

function write(name: string): string {
  const path = join(folder, name);
  writeFileSync(path, String(performance.now()));
  return path;
}

/** Waits until a path was reported; what came before or with it stays in `seen`. */
async function until(path: string): Promise<void> {
  while (!seen.has(path)) {
    const { value } = await changes.next();
    for (const each of value ?? []) seen.add(each);
  }
  seen.delete(path);
}

test("files that are written, replaced again and again, created and removed are reported", async () => {
  const path = write("src/a.ts");
  await until(path);
  for (let i = 0; i < 20; i++) {
    renameSync(write("src/a.ts.tmp"), path);
    await until(path);
  }
  await until(write("src/b.ts"));
  rmSync(path);
  await until(path);
});

test("folders made later are watched, with what was in them before anybody looked, and once more when made anew", async () => {
  for (let i = 0; i < 3; i++) {
    mkdirSync(join(folder, "src/lib/deep"), { recursive: true });
    await until(write("src/lib/deep/c.ts"));
    await until(write("src/lib/deep/c.ts"));
    rmSync(join(folder, "src/lib"), { recursive: true });
    await until(join(folder, "src/lib"));
  }
});

test("packages, output and hidden folders are not reported, but tracked files are, wherever they lie", async () => {
  write("node_modules/x.js");
  write("dist/core.wasm");
  write(".git/index");
  writeFileSync(join(root, "outside", "shared.ts"), "");
  await until(write("src/a.ts"));
  expect([...seen].filter((path) => !path.startsWith(join(folder, "src")))).toEqual([]);

  const tracked = [join(folder, "dist/part.wasm"), join(root, "outside", "shared.ts")];
  watcher.track(tracked);
  for (const path of tracked) {
    writeFileSync(path, "again");
    await until(path);
  }
});

test("closing ends the changes", async () => {
  const next = changes.next();
  watcher.close();
  expect(await next).toEqual({ done: true, value: undefined });
});
