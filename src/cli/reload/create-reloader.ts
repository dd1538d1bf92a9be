import type { HttpServer, LoadedCore } from "../../../hosts/node/index.ts";
import { printError } from "../print-error.ts";

/** Puts another core into a server whenever it is told to. */
export interface Reloader {
  /**
   * Loads the core again and serves it. Settles once it serves, or once an error says why it does not: then the core in
   * place goes on. Of several that are asked for while one runs, one follows.
   */
  reload(): Promise<void>;
}

/** How a reload ended. */
export type ReloadResult = "replaced" | "unchanged" | "failed";

/**
 * Creates what reloads a server.
 *
 * @param load Loads the core as it is now, and says what is to be known of it.
 * @param onResult Hears how each reload ended.
 */
export function createReloader(
  server: HttpServer,
  load: () => Promise<LoadedCore>,
  onResult: (result: ReloadResult) => void,
): Reloader {
  let running: Promise<void> | undefined;
  let following: Promise<void> | undefined;

  async function once(): Promise<void> {
    const started = performance.now();
    try {
      const loading = load();
      server.bePatient(loading);
      const core = await loading;
      if (core.digest === server.digest) {
        process.stdout.write(`tenon: nothing to reload (core ${core.digest})\n`);
        onResult("unchanged");
        return;
      }
      await server.replace(core);
      const ms = Math.round(performance.now() - started);
      const { length } = core.manifest.tools;
      const tools = length === 1 ? "1 tool" : `${length} tools`;
      process.stdout.write(`tenon: reloaded in ${ms} ms (core ${core.digest}, ${tools})\n`);
      onResult("replaced");
    } catch (error) {
      printError(error);
      process.stderr.write(`still serving core ${server.digest}\n`);
      onResult("failed");
    }
  }

  function start(): Promise<void> {
    const run = once().finally(() => {
      running = undefined;
    });
    running = run;
    return run;
  }

  return {
    reload() {
      if (running === undefined) return start();
      // What runs may have read its files before they changed.
      following ??= running.then(() => {
        following = undefined;
        return start();
      });
      return following;
    },
  };
}
