import { defineMiddleware, type MiddlewareContext, type Outcome, type Request } from "tenon";
import { Policy, type Finding } from "./policy.ts";
import { SETTINGS_SCHEMA, type Settings } from "./settings.ts";

/** Code of the error that stands for what was refused, where no tool result can say it. */
const REFUSED = -31_422;

// Settings are constant, so each instance reads them once.
const policies = new WeakMap<Settings, Policy>();

export default defineMiddleware<Settings>({
  name: "guard",
  version: "1.0.0",
  description: "Limits, refuses and redacts arguments and outputs",
  methods: [
    "tools/call",
    "prompts/get",
    "resources/read",
    "resources/subscribe",
    "subscriptions/listen",
    "completion/complete",
    "tasks/get",
    "tasks/update",
  ],
  settings: SETTINGS_SCHEMA,
  async handle(request, next, ctx) {
    const policy = policyOf(ctx);
    const tool = /^t(?:ools|asks)\//.test(request.method) ? (request.target ?? undefined) : undefined;
    const answers = ctx.inputs?.responses;
    const given = policy.inspect(request.params ?? "", "arguments", tool);
    if (answers !== undefined && !isRefused(given)) {
      given.push(...policy.inspect(JSON.stringify(answers), "arguments", tool));
    }
    report(given, ctx);
    if (isRefused(given)) return refuse(request, given.at(-1)!, policy.limit("arguments", tool));

    const outcome = await next(request);
    const findings: Finding[] = [];
    const texts = textsOf(outcome).map((text) => {
      if (isRefused(findings)) return text;
      findings.push(...policy.inspect(text, "output", tool));
      if (isRefused(findings)) return text;
      const redacted = policy.redact(text);
      findings.push(...redacted.findings);
      return redacted.json;
    });
    report(findings, ctx);
    if (isRefused(findings)) return refuse(request, findings.at(-1)!, policy.limit("output", tool));
    return findings.length === 0 ? outcome : withTexts(outcome, texts);
  },
});

function policyOf({ settings, catalog }: MiddlewareContext<Settings>): Policy {
  let policy = policies.get(settings);
  if (policy === undefined) {
    const unknown = Object.keys(settings.tools ?? {}).find((name) => catalog.get("tool", name) === undefined);
    // A limit that applies to nothing is a typo.
    if (unknown !== undefined) {
      throw new RangeError(
        `its setting "tools" names the tool "${unknown}", which this server does not list`,
      );
    }
    policy = new Policy(settings);
    policies.set(settings, policy);
  }
  return policy;
}

/** What of an outcome a client reads, as JSON texts. */
function textsOf(outcome: Outcome): string[] {
  switch (outcome.tag) {
    case "success":
      return [outcome.val];
    case "failure":
      return [JSON.stringify(outcome.val.message), outcome.val.data ?? "null"];
    case "input-required":
      return [outcome.val.requests];
    default:
      return [];
  }
}

function withTexts(outcome: Outcome, [text, data]: readonly string[]): Outcome {
  switch (outcome.tag) {
    case "success":
      return { ...outcome, val: text! };
    case "failure":
      return { ...outcome, val: { ...outcome.val, message: JSON.parse(text!) as string, data } };
    case "input-required":
      return { ...outcome, val: { ...outcome.val, requests: text! } };
    default:
      return outcome;
  }
}

/** Only the last finding can be a refusal: it ends the search. */
function isRefused(findings: readonly Finding[]): boolean {
  return findings.at(-1)?.action === "refuse";
}

function report(findings: readonly Finding[], ctx: MiddlewareContext<Settings>): void {
  if (findings.length === 0) return;
  const guard = findings.at(-1)!;
  for (const { rule, where, action } of findings) ctx.log.warning("guard", { rule, where, action });
  ctx.audit.record({
    guard,
    ...(guard.action === "refuse" && {
      decision: "deny",
      reason: guard.where === "arguments" ? "guard-argument" : "guard-output",
    }),
  });
}

/** A tool result that the model can act on; for what has none an error. Neither repeats what was found. */
function refuse({ method }: Request, finding: Finding, maxBytes: number): Outcome {
  const message = explain(finding, maxBytes);
  if (method !== "tools/call") return { tag: "failure", val: { code: REFUSED, message, data: undefined } };
  return {
    tag: "success",
    val: JSON.stringify({ isError: true, content: [{ type: "text", text: message }] }),
  };
}

function explain({ rule, where }: Finding, maxBytes: number): string {
  if (where === "arguments") {
    return rule === "size"
      ? `This server takes at most ${maxBytes} bytes of arguments here. Send less at a time.`
      : `This server does not take these arguments: they match its rule "${rule}". Change them before you try again.`;
  }
  return rule === "size"
    ? `The result was withheld: it has more than the ${maxBytes} bytes that this server lets through here. Ask for less.`
    : `The result was withheld: it matches the rule "${rule}" of this server. Trying again will not change that.`;
}
