import { watchFiles } from "../dev/watch-files.ts";
import type { CoreSource } from "./core-source.ts";
import type { Reloader } from "./create-reloader.ts";

/** Reloads at each SIGHUP, until it is told to stop. */
export function reloadOnHangup(reloader: Reloader): () => void {
  const onHangup = (): void => void reloader.reload();
  process.on("SIGHUP", onHangup);
  return () => process.off("SIGHUP", onHangup);
}

/** Reloads whenever a file changes that the core came from. Settles once every change from now on is seen; gives what ends it. */
export async function reloadOnChange(reloader: Reloader, source: CoreSource): Promise<() => void> {
  const watcher = await watchFiles();
  watcher.track(source.files());
  async function follow(): Promise<void> {
    for await (const _ of watcher.changes()) {
      await reloader.reload();
      watcher.track(source.files());
    }
  }
  void follow();
  return () => watcher.close();
}
