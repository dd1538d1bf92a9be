import {
  ISOLATIONS,
  logToStderr,
  serveHttp,
  serveStdio,
  startThreadEarly,
  type Isolation,
  type LimitsInput,
  type LoadedCore,
} from "../../hosts/node/index.ts";
import { ungrantedCapabilities, unsafeWarnings } from "../manifest/index.ts";
import { parseArguments, usageError } from "./arguments.ts";
import { readAudit, startAudit } from "./audit-log.ts";
import { EDGE_OPTIONS, readEdge, resourceWarnings } from "./http-edge.ts";
import { lendServices, unsetWarnings } from "./lend-services.ts";
import { LOCK_OPTIONS } from "./lock-options.ts";
import { createOperation } from "./operate.ts";
import { OPERATE_OPTIONS, readOperateOptions } from "./operate-options.ts";
import { printWarnings } from "./print-error.ts";
import { readLimits } from "./read-limits.ts";
import { createCoreSource } from "./reload/core-source.ts";
import { announce, interrupted, readAddress } from "./serving.ts";
import { readStateKeys, stateKeyWarnings } from "./state-keys.ts";

/**
 * Runs `tenon serve` until it is stopped.
 *
 * @returns the exit code
 * @throws ToolkitError `ERR_USAGE` for arguments that are none, and for whatever keeps the server from starting.
 */
export async function runServer(argv: readonly string[]): Promise<number> {
  const { positionals, values } = parseArguments("serve", argv, {
    port: { type: "string" },
    host: { type: "string" },
    stdio: { type: "boolean" },
    kv: { type: "string" },
    "state-key": { type: "string" },
    "audit-log": { type: "string" },
    "audit-key": { type: "string" },
    ...EDGE_OPTIONS,
    limits: { type: "string" },
    isolation: { type: "string" },
    "task-deadline": { type: "string" },
    ...OPERATE_OPTIONS,
    ...LOCK_OPTIONS,
  });
  if (positionals.length > 1) throw usageError("serve", "more than one file is given");
  const ofHttp = ["port", "host", "isolation", ...Object.keys({ ...EDGE_OPTIONS, ...OPERATE_OPTIONS })].find(
    (name) => values[name] !== undefined,
  );
  if (values.stdio && ofHttp !== undefined) {
    throw usageError("serve", `"--stdio" does not go with "--${ofHttp}"`);
  }
  const isolation = values.stdio ? {} : readIsolation(values.isolation);
  const http = values.stdio
    ? {}
    : { ...readAddress("serve", values), ...readEdge("serve", values), ...isolation };
  const stateKeys = await readStateKeys(values["state-key"] as string | undefined);
  const audit = await readAudit(values);
  const deadline = (values["task-deadline"] as string | undefined) ?? process.env["TENON_TASK_DEADLINE"];
  const limits = withTaskDeadline(await readLimits(values.limits as string | undefined), deadline);
  const operate = readOperateOptions("serve", values);
  if (isolation.isolation !== "process") startThreadEarly(limits);
  const source = createCoreSource("serve", positionals[0] ?? "tenon.json", values, {
    limits,
    ...isolation,
  });
  function warn({ manifest }: LoadedCore): void {
    printWarnings([
      ...unsafeWarnings(manifest),
      ...ungrantedCapabilities(manifest),
      ...unsetWarnings(manifest),
      ...stateKeyWarnings(manifest, stateKeys),
      ...resourceWarnings(manifest, http),
    ]);
  }
  const core = await source.load();
  warn(core);
  const { services, kv, close } = await lendServices(values.kv as string | undefined, limits);
  let auditLog: Awaited<ReturnType<typeof startAudit>> | undefined;
  const tasks = { ...(kv && { kv }) };
  const authorization = process.env["TENON_AUTHORIZATION"];
  const credential = authorization ? { authorization } : {};
  try {
    auditLog = audit && (await startAudit(audit, core));
    const log = auditLog && { log: auditLog.log };
    const lent = { services, tasks, limits, ...(stateKeys && { stateKeys }), ...log };
    if (values.stdio) {
      await serveStdio(core, { input: process.stdin, output: process.stdout, ...lent, ...credential });
      return 0;
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
    return 0;
  } finally {
    await auditLog?.close();
    await close();
  }
}

/** There is no mode for a typo to fall back to. */
function readIsolation(given: unknown): { isolation?: Isolation } {
  const text = (given as string | undefined) ?? process.env["TENON_ISOLATION"];
  if (text === undefined || text === "") return {};
  const isolation = ISOLATIONS.find((mode) => mode === text);
  if (isolation) return { isolation };
  throw usageError("serve", `"${text}" is not a mode of isolation`, `Modes are ${ISOLATIONS.join(", ")}`);
}

/** Limits with the deadline of tasks that an option or a variable gives. */
function withTaskDeadline(limits: LimitsInput = {}, text: string | undefined): LimitsInput {
  if (text === undefined || text === "") return limits;
  const seconds = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (seconds >= 1 && seconds <= 86_400) {
    return { ...limits, tasks: { ...limits.tasks, deadlineMs: seconds * 1000 } };
  }
  throw usageError(
    "serve",
    `"${text}" is not a task deadline`,
    "Deadlines are whole seconds from 1 to 86400",
  );
}
