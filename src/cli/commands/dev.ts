import { realpath } from "node:fs/promises";
import { dirname, join } from "node:path";
import { loadCore, serveHttp, type HttpServer, type ServeHttpOptions } from "../../../hosts/node/index.ts";
import { ToolkitError } from "../../errors/index.ts";
import { ungrantedCapabilities, unsafeWarnings } from "../../manifest/index.ts";
import { composeProject, isSource, readProject } from "../../project/index.ts";
import { parseArguments, usageError } from "../arguments.ts";
import type { Command } from "../command.ts";
import { createComponentCache } from "../dev/component-cache.ts";
import { logForPeople } from "../dev/log-text.ts";
import { watchFiles } from "../dev/watch-files.ts";
import { lendServices, unsetWarnings } from "../lend-services.ts";
import { printLockChanges } from "../lock-options.ts";
import { printError, printWarnings } from "../print-error.ts";
import { announce, interrupted, readAddress } from "../serving.ts";

const HELP = `Builds, composes and serves a project, and does so again whenever a file of it changes.

Usage: tenon dev [folder] [--port 3000] [--host 127.0.0.1] [--kv memory]

      --port <number>   TCP port, 0 for any free one (default: 3000; environment: PORT, TENON_PORT)
      --host <address>  address to listen on (default: 127.0.0.1; environment: TENON_HOST)
      --kv <store>      where granted keys are kept: memory, file:<path> to keep them across restarts, or redis://host
                        (default: memory; environment: TENON_KV)

Reads tenon.json in the folder (default: this one). Sources that it names are built; only what has changed is built
again. Requests in flight end on the core that took them, and while a change does not build, the last good core
serves. What tenon.json does not grant is denied here as well. Ends on SIGINT and SIGTERM.

Examples:
  tenon dev                       # http://127.0.0.1:3000/mcp from ./tenon.json
  tenon dev my-server --port 0    # prints the port it took
`;

/** `tenon dev`: the Node host, and another core in it after each change. */
export const dev: Command = {
  help: HELP,
  async run(argv) {
    const { positionals, values } = parseArguments("dev", argv, {
      port: { type: "string" },
      host: { type: "string" },
      kv: { type: "string" },
    });
    if (positionals.length > 1) throw usageError("dev", "more than one folder is given");
    const address = readAddress("dev", values);
    const config = await findConfig(positionals[0] ?? ".");
    const watcher = await watchFiles(dirname(config));
    const { services, kv, close } = await lendServices(values.kv as string | undefined);
    const session = createSession(config, {
      ...address,
      services,
      tasks: kv ? { kv } : {},
      log: logForPeople,
      isolation: "shared",
    });
    void interrupted().then(() => watcher.close());
    try {
      watcher.track(await session.update());
      for await (const paths of watcher.changes()) {
        if (session.takeChanges(paths)) watcher.track(await session.update());
      }
    } finally {
      watcher.close();
      await session.close();
      await close();
    }
    return 0;
  },
};

/** The project's `tenon.json` without symbolic links, since that is how the bundler names what it reads. */
async function findConfig(folder: string): Promise<string> {
  const path = folder.endsWith(".json") ? folder : join(folder, "tenon.json");
  // Reading it says best what is wrong with a file that is not there.
  return await realpath(path).catch(async () => (await readProject(path)).path);
}

interface Session {
  /** Takes note of changed files; true when they call for an update. */
  takeChanges(paths: ReadonlySet<string>): boolean;
  /**
   * Builds, composes and serves, and prints what came of it. A failure leaves the core in place.
   *
   * @returns the files to watch
   * @throws {@link ToolkitError} `ERR_HOST_LISTEN`, which no change of a file would mend
   */
  update(): Promise<Set<string>>;
  close(): Promise<void>;
}

function createSession(config: string, options: ServeHttpOptions): Session {
  const cache = createComponentCache();
  let server: HttpServer | undefined;
  let failed = false;
  let warned: readonly string[] = [];

  async function serveProject(): Promise<void> {
    const started = performance.now();
    const { bytes, digest, manifest, warnings, lockChanges } = await composeProject(config, {
      load: cache.load,
    });
    printLockChanges(lockChanges);
    const known = warned;
    warned = [
      ...warnings,
      ...unsafeWarnings(manifest),
      ...ungrantedCapabilities(manifest),
      ...unsetWarnings(manifest),
    ];
    printWarnings(warned.filter((warning) => !known.includes(warning)));
    const names = cache.takeFresh();
    if (server === undefined) {
      const core = await loadCore(bytes, { name: manifest.name });
      server = await serveHttp(core, options);
      announce(server, manifest);
      return;
    }
    if (server.digest !== digest) {
      // No other start will ask for a core that the next change replaces.
      await server.replace(await loadCore(bytes, { name: manifest.name, cacheDir: false }));
    }
    const what = names.length > 0 ? `rebuilt ${names.join(", ")}` : "composed again";
    const ms = Math.round(performance.now() - started);
    process.stdout.write(`${what} in ${ms} ms (core ${digest})\n`);
  }

  return {
    takeChanges(paths) {
      const concerned = cache.invalidate(paths) || paths.has(config);
      // A module that was missing, or was misspelt, is among the files of nothing yet.
      return concerned || (failed && [...paths].some((path) => isSource(path) || path.endsWith(".json")));
    },
    async update() {
      try {
        await serveProject();
        failed = false;
      } catch (error) {
        if (error instanceof ToolkitError && error.code === "ERR_HOST_LISTEN") throw error;
        failed = true;
        printError(error);
        const state = server ? `still serving core ${server.digest}` : "nothing is served yet";
        process.stderr.write(`${state}; waiting for a change\n`);
      }
      return new Set([config, ...cache.files()]);
    },
    async close() {
      await server?.close();
    },
  };
}
