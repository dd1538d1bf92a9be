import { checkedOutcome, checkedRequest } from "./check-messages.ts";
import { MiddlewareCallContext } from "./context.ts";
import type { Middleware, Next } from "./define-middleware.ts";
import type { Handle } from "./handle-provider.ts";
import { errorFields, type Log } from "./log.ts";
import { failure, RPC_ERROR, type Outcome, type Request } from "./messages.ts";
import { describeIssues, isSchema } from "./schema.ts";

/** What surrounds a middleware. */
export interface MiddlewareSurroundings {
  /** The rest of the chain. */
  readonly next: (context: string, request: Request) => Outcome;
  /** The settings as JSON; absent when the middleware has none. */
  readonly settings?: () => string;
  readonly log: Log;
}

/** The handler of a middleware. Methods it does not act on go straight to the rest of the chain. */
export function handleMiddleware(middleware: Middleware, surroundings: MiddlewareSurroundings): Handle {
  const { next, log } = surroundings;
  const methods = middleware.methods && new Set(middleware.methods);
  let settings: Promise<unknown> | undefined;
  return async (context, request) => {
    if (methods && !methods.has(request.method)) return next(context, request);
    try {
      settings ??= readSettings(middleware, surroundings);
      const ctx = new MiddlewareCallContext(context, log, (await settings) as never);
      const pass: Next = async (passed, changes) => next(ctx.with(changes), checkedRequest(passed));
      return checkedOutcome(await middleware.handle(request, pass, ctx));
    } catch (error) {
      log.error(`Middleware "${middleware.name}" failed`, { method: request.method, ...errorFields(error) });
      return failure(RPC_ERROR.internalError, "Internal error");
    }
  };
}

async function readSettings(middleware: Middleware, { settings }: MiddlewareSurroundings): Promise<unknown> {
  const value: unknown = settings === undefined ? {} : JSON.parse(settings());
  if (!isSchema(middleware.settings)) return value;
  const checked = await middleware.settings["~standard"].validate(value);
  if (checked.issues) throw new TypeError(`its settings do not match: ${describeIssues(checked.issues)}`);
  return checked.value;
}
