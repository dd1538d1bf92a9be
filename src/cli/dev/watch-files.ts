import { watch, type FSWatcher } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { dirname, join, relative, sep } from "node:path";

/** Watches a project's files. */
export interface FileWatcher {
  /**
   * Absolute paths that were written, created or removed, each time once nothing has happened for 30 ms; what happens
   * while nobody waits comes with the next. Ends when the watcher is closed.
   */
  changes(): AsyncGenerator<ReadonlySet<string>>;
  /** Watches these files, wherever they lie, besides the project's folder. */
  track(paths: Iterable<string>): void;
  close(): void;
}

// Long enough for an editor that writes several files, or one in two steps; short enough not to be felt.
const QUIET_MS = 30;
/** A project with more folders has the files its builds have read watched, wherever they lie, and no others. */
const MAX_FOLDERS = 2000;

/**
 * Watches a folder and those in it, but for `node_modules`, `dist` and hidden ones, and whatever files are tracked
 * besides. Settles once every change from now on will be seen.
 *
 * It watches folders and never single files: a file that an editor replaces is another file, and a watch on the one
 * before it ends without a word.
 *
 * @param folder Absolute, without symbolic links. Default: tracked files alone are watched.
 */
export async function watchFiles(folder?: string): Promise<FileWatcher> {
  const watchers = new Map<string, FSWatcher>();
  const tracked = new Set<string>();
  let changed = new Set<string>();
  let closed = false;
  let timer: NodeJS.Timeout | undefined;
  let wake: (() => void) | undefined;

  function isIgnored(path: string): boolean {
    return folder === undefined || isUninteresting(relative(folder, path));
  }

  function note(path: string): void {
    if (!tracked.has(path) && isIgnored(path)) return;
    changed.add(path);
    clearTimeout(timer);
    timer = setTimeout(() => wake?.(), QUIET_MS);
  }

  function unwatch(path: string): void {
    watchers.get(path)?.close();
    watchers.delete(path);
  }

  function watchFolder(path: string): void {
    if (closed || watchers.has(path)) return;
    try {
      const watcher = watch(path, (event, name) => {
        // Some systems do not say which file it was.
        if (name === null) for (const file of tracked) if (dirname(file) === path) note(file);
        if (name === null) return;
        const changedPath = join(path, name);
        note(changedPath);
        if (event === "rename") void watchNew(changedPath);
      });
      watcher.on("error", () => unwatch(path));
      watchers.set(path, watcher);
    } catch {
      // A folder that has gone, or that may not be read, has nothing to tell.
    }
  }

  /** Watches what may be a new folder, whose files came before anybody watched it. */
  async function watchNew(path: string): Promise<void> {
    unwatch(path);
    if (isIgnored(path)) return;
    const found = await stat(path).catch(() => undefined);
    if (found?.isDirectory()) await watchTree(path, note);
  }

  async function watchTree(path: string, onFile?: (file: string) => void): Promise<void> {
    if (watchers.size >= MAX_FOLDERS) return;
    watchFolder(path);
    const entries = await readdir(path, { withFileTypes: true }).catch(() => []);
    for (const entry of entries) {
      const inner = join(path, entry.name);
      if (!entry.isDirectory()) onFile?.(inner);
      else if (!isIgnored(inner)) await watchTree(inner, onFile);
    }
  }

  if (folder !== undefined) await watchTree(folder);
  return {
    async *changes() {
      for (;;) {
        if (changed.size === 0 && !closed) {
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
        }
        if (closed) return;
        const paths = changed;
        changed = new Set();
        if (paths.size > 0) yield paths;
      }
    },
    track(paths) {
      for (const path of paths) {
        tracked.add(path);
        watchFolder(dirname(path));
      }
    },
    close() {
      closed = true;
      clearTimeout(timer);
      for (const path of watchers.keys()) unwatch(path);
      wake?.();
    },
  };
}

function isUninteresting(inner: string): boolean {
  return inner
    .split(sep)
    .some((segment) => segment === "node_modules" || segment === "dist" || /^\.[^.]/.test(segment));
}
