import type { Middleware } from "../sdk/define-middleware.ts";
import { handleMiddleware } from "../sdk/handle-middleware.ts";
import { createLog } from "../sdk/log.ts";
import { failure, RPC_ERROR, type Outcome, type Request } from "../sdk/messages.ts";
import { writeLog } from "./log.ts";
import { serveCall, type Serving } from "./serve-call.ts";
import type { HandlerExport, Lent } from "./serve-provider.ts";

/** What a middleware component imports. */
export interface MiddlewareImports extends Partial<Lent> {
  /** `tenon:mcp/handler`: the rest of the chain. */
  readonly next: (context: string, request: Request) => Outcome;
  /** `tenon:host/config#settings`, when the middleware has any. */
  readonly settings?: () => string;
  /** Its name in the composition, where the component holds several. */
  readonly as?: string;
}

/** The export of a middleware component. */
export function serveMiddleware(definition: Middleware, imports: MiddlewareImports): HandlerExport {
  const serving: Serving = {
    handle: handleMiddleware(definition, { services: {}, ...imports, log: createLog(writeLog) }),
    as: imports.as,
    neverSettles({ method }) {
      writeLog(
        "error",
        `Middleware "${definition.name}" never finished: it awaits a promise that nothing can settle`,
        { method },
      );
      return failure(RPC_ERROR.internalError, "Internal error");
    },
  };
  return { handle: (context, request) => serveCall(serving, context, request) };
}
