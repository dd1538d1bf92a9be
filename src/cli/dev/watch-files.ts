import { watch } from "chokidar";
import { relative, sep } from "node:path";

/** Watches a project's files. */
export interface FileWatcher {
  /**
   * Absolute paths that were written, created or removed, each time once nothing has happened for 30 ms; what happens
   * while nobody waits comes with the next. Ends when the watcher is closed.
   */
  changes(): AsyncGenerator<ReadonlySet<string>>;
  /** Watches these files, wherever they lie, besides the project's folder. */
  track(paths: Iterable<string>): void;
  close(): Promise<void>;
}

// Long enough for an editor that writes several files, or one in two steps; short enough not to be felt.
const QUIET_MS = 30;

/**
 * Watches a folder, but for `node_modules`, `dist` and hidden ones, and whatever files are tracked besides. Settles once
 * every change from now on will be seen.
 *
 * @param folder Absolute, without symbolic links.
 */
export async function watchFiles(folder: string): Promise<FileWatcher> {
  const tracked = new Set<string>();
  let changed = new Set<string>();
  let closed = false;
  let timer: NodeJS.Timeout | undefined;
  let wake: (() => void) | undefined;

  const isIgnored = (path: string): boolean => !tracked.has(path) && isUninteresting(relative(folder, path));
  const watcher = watch(folder, { ignoreInitial: true, ignored: isIgnored });
  await new Promise<void>((resolve, reject) => {
    watcher.once("ready", resolve).once("error", reject);
  });
  // A folder that cannot be read later on is no reason to end.
  watcher.on("error", () => undefined);
  watcher.on("all", (_event, path) => {
    changed.add(path);
    clearTimeout(timer);
    timer = setTimeout(() => wake?.(), QUIET_MS);
  });

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
        if (tracked.has(path)) continue;
        const unseen = isIgnored(path) || relative(folder, path).startsWith("..");
        tracked.add(path);
        if (unseen) watcher.add(path);
      }
    },
    async close() {
      closed = true;
      clearTimeout(timer);
      wake?.();
      await watcher.close();
    },
  };
}

function isUninteresting(inner: string): boolean {
  return inner
    .split(sep)
    .some((segment) => segment === "node_modules" || segment === "dist" || /^\.[^.]/.test(segment));
}
