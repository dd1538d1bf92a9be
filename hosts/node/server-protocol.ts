import { randomUUID } from "node:crypto";
import { toolParameterHeaders } from "../../src/manifest/index.ts";
import type { ProtocolOptions, TaskProtocol } from "../../src/protocol/index.ts";
import type { LoadedCore } from "./load-core.ts";
import type { Limits } from "./limits/resolve-limits.ts";
import { hasTasks } from "./serve-tasks.ts";

/** What the protocol core needs, from what Node has. */
export function protocolOptions(
  core: LoadedCore,
  { json, calls }: Limits,
  tasks: TaskProtocol,
): ProtocolOptions {
  const { name, version, title, tools, cache } = core.manifest;
  const prefix = randomUUID();
  let count = 0;
  return {
    serverInfo: { name, version, title },
    cacheScope: cache.scope,
    parameterHeaders: toolParameterHeaders(tools),
    now: Date.now,
    newRequestId: () => `${prefix}-${(++count).toString(36)}`,
    notifications: true,
    ...(hasTasks(core.manifest) && { tasks }),
    maxDepth: json.depth,
    maxTokens: json.tokens,
    deadlineMs: calls.deadlineMs,
  };
}
