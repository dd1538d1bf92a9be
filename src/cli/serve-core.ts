import {
  logToStderr,
  serveHttp,
  serveStdio,
  type LimitsInput,
  type LoadedCore,
  type ServeHttpOptions,
} from "../../hosts/node/index.ts";
import { ungrantedCapabilities, unsafeWarnings } from "../manifest/index.ts";
import { resourceWarnings, type Edge } from "./http-edge.ts";
import { lendServices, unsetWarnings } from "./lend-services.ts";
import type { OperateOptions } from "./operate-options.ts";
import { createOperation } from "./operate.ts";
import { printWarnings } from "./print-error.ts";
import type { AuditTarget } from "./read-audit.ts";
import type { CoreSource } from "./reload/core-source.ts";
import { announce, interrupted } from "./serving.ts";
import { startAudit } from "./start-audit.ts";
import { stateKeyWarnings } from "./state-keys.ts";

/** What the options of `tenon serve` come to. */
export interface ServeSettings {
  limits: LimitsInput;
  stateKeys: readonly Uint8Array[] | undefined;
  /** Absent: no audit log is written. */
  audit: AuditTarget | undefined;
  operate: OperateOptions;
  /** The option as it was given. */
  kv: string | undefined;
  /** Where it listens, and who may call. Absent: it speaks on stdin and stdout. */
  http: (Edge & Pick<ServeHttpOptions, "port" | "host" | "isolation">) | undefined;
}

/**
 * Serves a core until the process is told to end, or, on stdin, until that ends.
 *
 * @param source What loads the cores that replace it.
 * @throws ToolkitError for whatever keeps the server from starting.
 */
export async function serveCore(
  core: LoadedCore,
  source: CoreSource,
  { limits, stateKeys, audit, operate, kv: store, http }: ServeSettings,
): Promise<void> {
  function warn({ manifest }: LoadedCore): void {
    printWarnings([
      ...unsafeWarnings(manifest),
      ...ungrantedCapabilities(manifest),
      ...unsetWarnings(manifest),
      ...stateKeyWarnings(manifest, stateKeys),
      ...resourceWarnings(manifest, http ?? {}),
    ]);
  }
  warn(core);
  const { services, kv, close } = await lendServices(store, limits);
  let auditLog: Awaited<ReturnType<typeof startAudit>> | undefined;
  const tasks = { ...(kv && { kv }) };
  const authorization = process.env["TENON_AUTHORIZATION"];
  const credential = authorization ? { authorization } : {};
  try {
    auditLog = audit && (await startAudit(audit, core));
    const log = auditLog && { log: auditLog.log };
    const lent = { services, tasks, limits, ...(stateKeys && { stateKeys }), ...log };
    if (!http) {
      await serveStdio(core, { input: process.stdin, output: process.stdout, ...lent, ...credential });
      return;
    }
    const operation = await createOperation(operate, auditLog?.log ?? logToStderr);
    const { observer, log: observedLog } = operation;
    const server = await serveHttp(core, { ...http, ...lent, observer, log: observedLog });
    // Whoever reads that it is ready may end it at once.
    const stopped = interrupted();
    const drain = await operation.run(server, source, warn);
    announce(server, core.manifest);
    await stopped;
    await drain();
  } finally {
    await auditLog?.close();
    await close();
  }
}
