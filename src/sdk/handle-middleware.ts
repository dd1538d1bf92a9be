import { checkedOutcome, checkedRequest } from "./check-messages.ts";
import { createCatalog } from "./catalog.ts";
import { MiddlewareCallContext, type Surroundings } from "./context.ts";
import type { Middleware, Next } from "./define-middleware.ts";
import type { Handle } from "./handle-provider.ts";
import { errorFields } from "./log.ts";
import { isThenable, whenDone, type MaybePromise } from "./maybe-promise.ts";
import { failure, RPC_ERROR, type Outcome, type Request } from "./messages.ts";
import { issueTexts } from "./issues.ts";
import { isSchema } from "./schema.ts";

/** What surrounds a middleware. */
export interface MiddlewareSurroundings extends Surroundings {
  /** The rest of the chain. */
  readonly next: (context: string, request: Request) => MaybePromise<Outcome>;
  /** The settings as JSON; absent when the middleware has none. */
  readonly settings?: () => string;
}

/** The handler of a middleware. Methods it does not act on go straight to the rest of the chain. */
export function handleMiddleware(middleware: Middleware, surroundings: MiddlewareSurroundings): Handle {
  const { next, log } = surroundings;
  const methods = middleware.methods && new Set(middleware.methods);
  const readSettings = settingsReader(middleware, surroundings.settings);
  const catalog = createCatalog(surroundings.catalog);
  return (context, request) => {
    if (methods && !methods.has(request.method)) return next(context, request);
    const failed = (error: unknown): Outcome => {
      log.error(`Middleware "${middleware.name}" failed`, { method: request.method, ...errorFields(error) });
      return failure(RPC_ERROR.internalError, "Internal error");
    };
    try {
      const outcome = whenDone(readSettings(), (settings) => {
        const ctx = new MiddlewareCallContext(context, surroundings, settings as never, catalog);
        const pass: Next = async (passed, changes) => {
          if (changes?.principal !== undefined && middleware.authenticates === undefined) {
            throw new TypeError("only middleware that declares authenticates: {} sets the principal");
          }
          return next(ctx.with(changes), checkedRequest(passed));
        };
        return middleware.handle(request, pass, ctx);
      });
      return isThenable(outcome) ? checkedLater(outcome, failed) : checkedOutcome(outcome);
    } catch (error) {
      return failed(error);
    }
  };
}

/** With one promise, where callbacks would take several: each middleware of a chain waits for its own. */
async function checkedLater(
  outcome: Promise<Outcome>,
  failed: (error: unknown) => Outcome,
): Promise<Outcome> {
  try {
    return checkedOutcome(await outcome);
  } catch (error) {
    return failed(error);
  }
}

/** Reads the settings when they are first asked for: they are constant. */
function settingsReader(
  middleware: Middleware,
  settings: (() => string) | undefined,
): () => MaybePromise<unknown> {
  let read: { value: unknown } | undefined;
  return () => {
    if (read !== undefined) return read.value;
    const value: unknown = settings === undefined ? {} : JSON.parse(settings());
    const checked = isSchema(middleware.settings)
      ? middleware.settings["~standard"].validate(value)
      : { value };
    return whenDone(checked, (result) => {
      if (result.issues)
        throw new TypeError(`its settings do not match: ${issueTexts(result.issues, value).join("\n")}`);
      read = { value: result.value };
      return result.value;
    });
  };
}
