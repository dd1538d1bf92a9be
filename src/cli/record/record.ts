import { randomUUID } from "node:crypto";
import { serveHttp } from "../../../hosts/node/index.ts";
import { loadRecordingCore } from "../../../hosts/node/load-core.ts";
import { createRecordingServices } from "../../../hosts/node/recording-services.ts";
import { composeRecording } from "../../compose/compose.ts";
import type { Grants } from "../../manifest/index.ts";
import { composeProject, readProject } from "../../project/index.ts";
import type { RecordedCall } from "./calls.ts";
import { compareGrants, type ServiceDiff } from "./grants-diff.ts";
import { minimalGrants, type Use } from "./minimal-grants.ts";

/** What was found out. */
export interface Recording {
  /** How each call ended: `ok`, or what the server said. */
  outcomes: string[];
  /** By part: its grants, the least that would do, and the difference. Parts with neither are left out. */
  parts: { as: string; granted: Grants; used: Grants; services: ServiceDiff[] }[];
  /** What the author of the project should know, one sentence each. */
  warnings: string[];
}

/** A line of the host's log, as far as it matters here. */
interface Line {
  source?: string;
  message: string;
  fields?: { interface?: unknown; request?: unknown; reason?: unknown };
}

const TIMEOUT_MS = 30_000;
const DROPPED = /^\d+ log lines? .*dropped$/;

/**
 * Composes a project with gates that let everything through and say so, serves it inside this process, makes calls, and
 * tells what the parts used. The core that this is done with is forgotten.
 *
 * @param path Of a `tenon.json`.
 * @param authorization Credential of the calls, for a server with authentication.
 */
export async function record(
  path: string,
  calls: readonly RecordedCall[],
  authorization: string | undefined,
): Promise<Recording> {
  const project = await readProject(path);
  // No part can write such a line itself.
  const message = `used ${randomUUID()}`;
  const core = await composeProject(project, { composer: (input) => composeRecording(input, message) });
  const uses = new Map<string, Use[]>();
  const warnings = new Set(core.warnings);
  const server = await serveHttp(await loadRecordingCore(core.bytes), {
    port: 0,
    isolation: "shared",
    services: (manifest) => createRecordingServices(manifest),
    log: (text) => {
      for (const line of Buffer.from(text).toString("utf8").trim().split("\n")) {
        take(JSON.parse(line) as Line);
      }
    },
  });

  function take({ source = "", message: said, fields }: Line): void {
    if (said === message) {
      uses.set(source, [...(uses.get(source) ?? []), fields as Use]);
    } else if (said === "denied" && source !== "") {
      const { interface: id, request, reason } = fields ?? {};
      const why = typeof reason === "string" ? `: ${reason}` : "";
      warnings.add(`${source} was denied ${String(id)} ${String(request)}${why}`);
    } else if (source === "host" && DROPPED.test(said)) {
      warnings.add(`Some uses may be missing: ${said}`);
    }
  }

  const outcomes: string[] = [];
  try {
    for (const call of calls) outcomes.push(await send(server.url, call, authorization));
  } finally {
    await server.close();
  }
  const parts = [...project.middleware, ...project.providers].flatMap(({ as }) => {
    const granted = project.file.grants?.[as] ?? {};
    const used = minimalGrants(uses.get(as) ?? [], granted);
    const services = compareGrants(granted, used);
    return services.length === 0 ? [] : [{ as, granted, used, services }];
  });
  return { outcomes, parts, warnings: [...warnings] };
}

async function send(url: string, call: RecordedCall, authorization: string | undefined): Promise<string> {
  const [method, params] =
    "tool" in call
      ? ["tools/call", { name: call.tool, arguments: call.arguments ?? {} }]
      : "prompt" in call
        ? ["prompts/get", { name: call.prompt, arguments: call.arguments ?? {} }]
        : ["resources/read", { uri: call.resource }];
  let answer: Answer;
  try {
    const response = await fetch(url, {
      method: "POST",
      headers: { "content-type": "application/json", ...(authorization && { authorization }) },
      body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }),
      redirect: "error",
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    answer = (await response.json()) as Answer;
  } catch (error) {
    return (error as Error).message;
  }
  if (answer.error) return `${answer.error.message} (${answer.error.code})`;
  const { isError, content = [] } = answer.result ?? {};
  return isError ? (content.find(({ text }) => text !== undefined)?.text ?? "the tool failed") : "ok";
}

interface Answer {
  result?: { isError?: boolean; content?: { text?: string }[] };
  error?: { code: number; message: string };
}
