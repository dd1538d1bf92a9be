import { defineMiddleware, type LogFields, type Outcome, type Request } from "tenon";

interface Settings {
  /** Level of the lines. Default `info`. */
  level?: "debug" | "info" | "notice";
}

const MAX_TARGET_LENGTH = 256;
// C0 and C1 controls, line and paragraph separators, and the characters that reorder or hide text.
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;

export default defineMiddleware<Settings>({
  name: "access-log",
  version: "1.0.0",
  description: "Writes one structured log line for each request",
  settings: {
    type: "object",
    properties: {
      level: { enum: ["debug", "info", "notice"], default: "info", description: "Level of the lines" },
    },
    additionalProperties: false,
  },
  async handle(request, next, ctx) {
    const start = Date.now();
    const write = (fields: LogFields): void => {
      ctx.log[ctx.settings.level ?? "info"]("request", {
        time: new Date(start).toISOString(),
        requestId: ctx.requestId,
        method: printable(request.method),
        target: request.target == null ? undefined : printable(request.target),
        ...fields,
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
    write(describe(outcome));
    return outcome;
  },
});

function describe(outcome: Outcome): LogFields {
  switch (outcome.tag) {
    case "success":
      return {
        outcome: isToolError(outcome.val) ? "tool-error" : "ok",
        responseBytes: byteLength(outcome.val),
      };
    case "failure":
      return { outcome: "error", code: outcome.val.code, responseBytes: errorBytes(outcome.val) };
    case "refused":
      return {
        outcome: "refused",
        status: outcome.val.status,
        code: outcome.val.error.code,
        responseBytes: errorBytes(outcome.val.error),
      };
    case "input-required":
      return { outcome: "input-required", responseBytes: byteLength(outcome.val.requests) };
    default:
      return { outcome: outcome.tag, responseBytes: 0 };
  }
}

/** Parses only results that hold a member of that name and do not start with it, as failed ones of this SDK do. */
function isToolError(result: string): boolean {
  if (result.startsWith('{"isError":true')) return true;
  if (!result.includes('"isError"')) return false;
  try {
    return (JSON.parse(result) as { isError?: unknown } | null)?.isError === true;
  } catch {
    // What is no JSON is the host's to refuse.
    return false;
  }
}

function errorBytes({ message, data }: { message: string; data?: Request["params"] }): number {
  return byteLength(message) + byteLength(data);
}

/** Text for a log: no character that a terminal or a viewer would act on, and at most 256 characters. */
function printable(text: string): string {
  const cut = text.length > MAX_TARGET_LENGTH ? `${text.slice(0, MAX_TARGET_LENGTH)}…` : text;
  return cut.replaceAll(UNPRINTABLE, "\ufffd");
}

// UTF-8 takes one byte more for these than UTF-16 has units: half a surrogate pair stands for two of four bytes.
const ONE_MORE = /[\u0080-\u07ff\ud800-\udfff]+/g;
const TWO_MORE = /[\u0800-\ud7ff\ue000-\uffff]+/g;

/** Length in UTF-8. Patterns, because the engine runs them many times faster than a loop. */
function byteLength(text: string | null | undefined): number {
  if (!text) return 0;
  return text.length + matchedLength(text, ONE_MORE) + 2 * matchedLength(text, TWO_MORE);
}

function matchedLength(text: string, pattern: RegExp): number {
  return (text.match(pattern) ?? []).reduce((length, run) => length + run.length, 0);
}
