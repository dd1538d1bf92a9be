import { handleProvider } from "../sdk/handle-provider.ts";
import { createLog } from "../sdk/log.ts";
import type { Outcome, Request } from "../sdk/messages.ts";
import type { Provider } from "../sdk/provider.ts";
import { errorResult } from "../sdk/tool-result.ts";
import { writeLog } from "./log.ts";
import { serveCall } from "./serve-call.ts";

/** What a component exports as `tenon:mcp/handler` or `tenon:mcp/provider`. */
export interface HandlerExport {
  handle(context: string, request: Request): Outcome;
}

/** The export of a provider component. */
export function serveProvider(definition: Provider): HandlerExport {
  const handle = handleProvider(definition, createLog(writeLog));
  return {
    handle: (context, request) =>
      serveCall(
        () => handle(context, request),
        () => {
          const message = `Tool "${request.target}" never finished: it awaits a promise that nothing can settle`;
          writeLog("error", message, { tool: request.target });
          return { tag: "success", val: errorResult(message) };
        },
      ),
  };
}
