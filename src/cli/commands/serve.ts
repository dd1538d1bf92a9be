import {
  ISOLATIONS,
  logToStderr,
  serveHttp,
  serveStdio,
  startThreadEarly,
  type Isolation,
  type LimitsInput,
  type LoadedCore,
} from "../../../hosts/node/index.ts";
import { ungrantedCapabilities, unsafeWarnings } from "../../manifest/index.ts";
import { parseArguments, usageError } from "../arguments.ts";
import type { Command } from "../command.ts";
import { readAudit, startAudit } from "../audit-log.ts";
import { EDGE_OPTIONS, readEdge, resourceWarnings } from "../http-edge.ts";
import { lendServices, unsetWarnings } from "../lend-services.ts";
import { LOCK_OPTIONS, LOCK_OPTIONS_HELP } from "../lock-options.ts";
import { createOperation } from "../operate.ts";
import { OPERATE_OPTIONS, OPERATE_OPTIONS_HELP, readOperateOptions } from "../operate-options.ts";
import { printWarnings } from "../print-error.ts";
import { readLimits } from "../read-limits.ts";
import { createCoreSource } from "../reload/core-source.ts";
import { announce, interrupted, readAddress } from "../serving.ts";
import { readStateKeys, stateKeyWarnings } from "../state-keys.ts";

const HELP = `Serves a composed core over MCP on Node.

Usage: tenon serve [core.wasm | tenon.json | oci://…] [--port 3000] [--host 127.0.0.1] [--stdio] [--kv memory]

      --port <number>   TCP port, 0 for any free one (default: 3000; environment: PORT, TENON_PORT)
      --host <address>  address to listen on (default: 127.0.0.1; environment: TENON_HOST)
      --stdio           speak MCP on stdin and stdout instead of HTTP; the credential, if any, is in TENON_AUTHORIZATION
      --kv <store>      where granted keys are kept: memory, file:<path>, or redis://user:password@host:6379/0 (rediss://
                        for TLS) for several servers (default: memory; TENON_KV); tasks as well, but not in Redis
      --state-key <source>
                        env:NAME or file:<path> with keys that seal what clients carry (default: TENON_STATE_KEY, else random)
      --audit-log <file>, --audit-key <source>
                        append every log line to this file, chained by hashes, signed by the key (env:NAME or file:<path>)
                        if there is one (default: TENON_AUDIT_LOG, TENON_AUDIT_KEY); keys are 32 bytes in base64 or hex
      --sessions        keep a session for each client before 2026-07-28: it hears of changes and is remembered
      --allow-origin <origin>, --allow-host <host>
                        who may call: web pages of https://app.example; a host name beside its own address; repeatable
      --public-url <url>
                        where clients reach the server, such as https://mcp.example/mcp; its host is allowed
      --trust-proxy <range>
                        proxy whose Forwarded or X-Forwarded-For is believed: address, 10.0.0.0/8 or loopback; repeatable
      --limits <file>   JSON file with limits that are not to be the defaults (environment: TENON_LIMITS)
      --isolation <mode>  whose calls share an instance: credential (default), call, shared, or process (one per credential)
      --task-deadline <seconds>  time that a call which became a task may take, 1 to 86400 (default: 900)
${OPERATE_OPTIONS_HELP}
${LOCK_OPTIONS_HELP}

--sessions and the options after it can be set as TENON_SESSIONS=1, TENON_ALLOW_ORIGIN=a,b and so on. Granted configuration
is read from TENON_CONFIG_<KEY>, granted secrets from TENON_SECRET_<NAME>: upper case, with _ for - and . of the name.

A tenon.json (the default) is composed first. Logs go to stderr. SIGINT and SIGTERM end it once the calls in flight are
answered, a second one at once. SIGHUP serves the core anew; one that does not start leaves the old one in place.

Examples:
  tenon serve                         # http://127.0.0.1:3000/mcp from ./tenon.json
  tenon serve core.wasm --port 0      # prints the port it took
  tenon serve core.wasm --stdio       # as the command of a local MCP server
`;

/** `tenon serve`: the Node host. */
export const serve: Command = {
  help: HELP,
  async run(argv) {
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
    const ofHttp = [
      "port",
      "host",
      "isolation",
      ...Object.keys({ ...EDGE_OPTIONS, ...OPERATE_OPTIONS }),
    ].find((name) => values[name] !== undefined);
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
  },
};

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
