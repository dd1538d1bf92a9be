import type { Asker } from "../sdk/asking.ts";
import { CallContext, type Surroundings } from "../sdk/context.ts";
import { handleProvider, type ProviderMethods } from "../sdk/handle-provider.ts";
import { createLog } from "../sdk/log.ts";
import { failure, RPC_ERROR, type Outcome, type Request } from "../sdk/messages.ts";
import type { Provider } from "../sdk/provider.ts";
import { errorResult } from "../sdk/tool-result.ts";
import { keepShape } from "./keep-shape.ts";
import { writeLog } from "./log.ts";
import { serveCall, type Serving } from "./serve-call.ts";
import type { Rounds } from "./settle.ts";

export {
  completionMethods,
  listMethods,
  promptMethods,
  resourceMethods,
  taskMethods,
  toolMethods,
} from "../sdk/handle-provider.ts";

/** What the host lends to a component besides its log; the generated entry puts it together. */
export type Lent = Omit<Surroundings, "log" | "asker"> & { readonly asker?: GuestAsker };

/** What carries the questions of a component. */
export interface GuestAsker extends Asker {
  /** The questions of the call in flight. */
  rounds(): Rounds<Outcome> | undefined;
}

/** What a component exports as `tenon:mcp/handler` or `tenon:mcp/provider`. */
export interface HandlerExport {
  handle(context: string, request: Request): Outcome;
}

/** The export of a provider component that answers methods of the kinds given. */
export function serveProvider(
  definition: Provider,
  lent: Lent,
  kinds: readonly ProviderMethods[],
): HandlerExport {
  const surroundings = { ...lent, log: createLog(writeLog) };
  const { asker } = lent;
  keepShape(new CallContext("{}", surroundings));
  keepShape({ name: 0, arguments: 0 });
  const serving: Serving = {
    handle: handleProvider(definition, surroundings, kinds),
    rounds: asker && (() => asker.rounds()),
    neverSettles({ method, target }) {
      const isTool = method === "tools/call";
      const what = isTool ? `Tool "${target}"` : `${method} of "${target ?? definition.name}"`;
      const message = `${what} never finished: it awaits a promise that nothing can settle`;
      writeLog("error", message, { method, target });
      return isTool
        ? { tag: "success", val: errorResult(message) }
        : failure(RPC_ERROR.internalError, message);
    },
  };
  return { handle: (context, request) => serveCall(serving, context, request) };
}
