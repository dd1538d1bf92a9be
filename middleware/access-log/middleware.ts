import { defineMiddleware, type LogFields, type MiddlewareContext, type Outcome, type Request } from "tenon";
import { byteLength } from "./byte-length.ts";
import { describeOutcome } from "./describe-outcome.ts";
import { mergeFacts } from "./facts.ts";
import { ownerOf } from "./owner-of.ts";
import { printable } from "./printable.ts";
import { REDACTABLE, redacted, type Redaction } from "./redact.ts";

interface Settings {
  /** Level of the lines. Default `info`. */
  level?: "debug" | "info" | "notice";
  redact?: Redaction;
}

const NAMES = { type: "array", uniqueItems: true, items: { enum: [...REDACTABLE] } };

/** Names that no other middleware can give a fact. */
const OWN = new Set([
  "time",
  "requestId",
  "traceId",
  "parentId",
  "transport",
  "protocolVersion",
  "peer",
  "method",
  "target",
  "provider",
  "component",
  "policy",
  "task",
  "retry",
  "outcome",
  "code",
  "status",
  "durationMs",
  "requestBytes",
  "responseBytes",
  "factsDropped",
]);

/** Longer parameters of `tasks/*` are not looked into. */
const MAX_TASK_PARAMS = 4096;

export default defineMiddleware<Settings>({
  name: "access-log",
  version: "1.1.0",
  description:
    "Writes one structured log line for each request: who asked for what, what was decided, and how it ended",
  settings: {
    type: "object",
    properties: {
      level: { enum: ["debug", "info", "notice"], default: "info", description: "Level of the lines" },
      redact: {
        type: "object",
        description: "What is not written as it is",
        properties: {
          omit: { ...NAMES, description: "Left out" },
          hash: { ...NAMES, description: "Written as a salted hash, the same for the same value" },
          salt: {
            type: "string",
            pattern: "^[ -~]{16,256}$",
            description: "Random text that keeps hashes from being guessed",
          },
        },
        dependentRequired: { hash: ["salt"] },
        additionalProperties: false,
      },
    },
    additionalProperties: false,
  },
  async handle(request, next, ctx) {
    const start = Date.now();
    // What is there before the request belongs to none that this log tells of.
    ctx.audit.take();
    const write = (end: LogFields): void => {
      const { settings, log } = ctx;
      log[settings.level ?? "info"]("request", {
        time: new Date(start).toISOString(),
        ...circumstances(request, ctx),
        ...recorded(ctx, end),
        durationMs: Date.now() - start,
        requestBytes: byteLength(request.params),
      });
    };
    let outcome: Outcome;
    try {
      outcome = await next(request);
    } catch (error) {
      write({ outcome: "error" });
      throw error;
    }
    write(describeOutcome(outcome));
    return outcome;
  },
});

/** What is known of a request before anything decides on it. */
function circumstances(request: Request, ctx: MiddlewareContext<Settings>): LogFields {
  const { requestId, transport, protocolVersion, peer, traceparent, retry, settings } = ctx;
  const { method, target } = request;
  const policy = ctx.catalog.get("server", "")?.policyDigest;
  const [, traceId, parentId] = traceparent?.split("-") ?? [];
  return {
    requestId,
    traceId,
    parentId,
    transport,
    protocolVersion: printable(protocolVersion),
    peer: redacted("peer", peer, settings.redact),
    method: printable(method),
    target: redacted("target", target, settings.redact),
    ...ownerOf(request, ctx.catalog),
    policy,
    task: taskOf(request, ctx),
    retry: retry === true ? true : undefined,
  };
}

/** The task that a request is the work of, or asks about. */
function taskOf({ method, params }: Request, { task }: MiddlewareContext): string | undefined {
  if (task?.id !== undefined) return printable(task.id);
  if (!method.startsWith("tasks/") || params == null || params.length > MAX_TASK_PARAMS) return undefined;
  const { taskId } = JSON.parse(params) as { taskId?: unknown };
  return typeof taskId === "string" ? printable(taskId) : undefined;
}

/** How a request ended, and what the rest of the chain learned of it. */
function recorded({ audit, settings }: MiddlewareContext<Settings>, end: LogFields): LogFields {
  const { members, dropped } = mergeFacts(audit.take(), OWN);
  const { principal, decision, reason, ...facts } = members;
  // Whatever was recorded before: a refusal is one.
  const decided = end["outcome"] === "refused" ? "deny" : decision;
  return {
    principal: principalFields(principal, settings.redact),
    decision: decided,
    reason: decided === "deny" ? reason : undefined,
    ...facts,
    ...end,
    factsDropped: dropped ? true : undefined,
  };
}

function principalFields(principal: unknown, redaction: Redaction | undefined): LogFields | undefined {
  if (typeof principal !== "object" || principal === null) return undefined;
  const { subject, issuer, clientId } = principal as Readonly<Record<string, string | undefined>>;
  return {
    subject: redacted("principal.subject", subject, redaction),
    issuer: redacted("principal.issuer", issuer, redaction),
    clientId: redacted("principal.clientId", clientId, redaction),
  };
}
