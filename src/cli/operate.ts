import {
  combineObservers,
  createMetrics,
  openTracing,
  serveAdmin,
  type AdminServer,
  type HttpServer,
  type LoadedCore,
  type LogSink,
  type Metrics,
  type Observer,
} from "../../hosts/node/index.ts";
import type { OperateOptions } from "./operate-options.ts";
import type { CoreSource } from "./reload/core-source.ts";
import { createReloader } from "./reload/create-reloader.ts";
import { reloadOnChange, reloadOnHangup } from "./reload/reload-on.ts";

/** What observes a server over HTTP, and reloads and ends it. */
export interface Operation {
  /** For the options of the server. */
  readonly observer: Observer | undefined;
  /** Takes the log lines of the server. */
  readonly log: LogSink;
  /**
   * Opens what an operator can ask, and reloads from now on.
   *
   * @param onLoaded Says what is to be known of each core, before it serves.
   * @returns what ends all that once requests are to come no more: it drains the server
   */
  run(
    server: HttpServer,
    source: CoreSource,
    onLoaded: (core: LoadedCore) => void,
  ): Promise<() => Promise<void>>;
}

/**
 * Creates what observes a server, which is to be started with it.
 *
 * @param log Where log lines go.
 * @throws ToolkitError as `openTracing` says, when variables of OpenTelemetry ask for what is not there.
 */
export async function createOperation(
  { adminPort, watch, drainMs }: OperateOptions,
  log: LogSink,
): Promise<Operation> {
  const metrics = adminPort === undefined ? undefined : createMetrics();
  const tracing = await openTracing(log);
  return {
    observer: combineObservers([metrics, tracing].flatMap((each) => each?.observer ?? [])),
    log: metrics?.log(log) ?? log,
    async run(server, source, onLoaded) {
      let draining = false;
      const isReady = (): boolean => {
        const { busy, idle } = server.stats();
        return !draining && busy + idle > 0;
      };
      let admin: AdminServer | undefined;
      try {
        admin = metrics && (await openAdmin(adminPort!, metrics, isReady));
      } catch (error) {
        await server.close({ drainMs: 0 });
        throw error;
      }
      const load = async (): Promise<LoadedCore> => {
        const core = await source.reload();
        onLoaded(core);
        return core;
      };
      const reloader = createReloader(server, load, (result) => metrics?.reloaded(result));
      const ends = [reloadOnHangup(reloader), ...(watch ? [await reloadOnChange(reloader, source)] : [])];
      return async () => {
        draining = true;
        for (const end of ends) end();
        await server.close({ drainMs });
        await tracing?.close();
        // It says that the server is not ready for as long as anything is in flight.
        await admin?.close();
      };
    },
  };
}

async function openAdmin(port: number, metrics: Metrics, isReady: () => boolean): Promise<AdminServer> {
  const admin = await serveAdmin({ port, isReady, metrics: () => metrics.text() });
  process.stderr.write(`tenon: health and metrics on ${admin.url}\n`);
  return admin;
}
