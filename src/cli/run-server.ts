import { startThreadEarly } from "../../hosts/node/core-thread.ts";
import { ISOLATIONS, type Isolation } from "../../hosts/node/isolation.ts";
import type { LimitsInput } from "../../hosts/node/limits/resolve-limits.ts";
import { parseArguments, usageError } from "./arguments.ts";
import { EDGE_OPTIONS, readEdge } from "./http-edge.ts";
import { LOCK_OPTIONS } from "./lock-options.ts";
import { OPERATE_OPTIONS, readOperateOptions } from "./operate-options.ts";
import { readAudit } from "./read-audit.ts";
import { readLimits } from "./read-limits.ts";
import { createCoreSource } from "./reload/core-source.ts";
import { readAddress } from "./serving.ts";
import { readStateKeys } from "./state-keys.ts";

/**
 * Runs `tenon serve` until it is stopped: reads what it is to do, and loads the core beside what serves it.
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
    ? undefined
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
  // Most of a start is reading this package, and the core's code is compiled meanwhile.
  const [core, { serveCore }] = await Promise.all([source.load(), import("./serve-core.ts")]);
  await serveCore(core, source, {
    limits,
    stateKeys,
    audit,
    operate,
    kv: values.kv as string | undefined,
    http,
  });
  return 0;
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
