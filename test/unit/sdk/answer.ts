import { ALL_METHODS, handleProvider } from "../../../src/sdk/handle-provider.ts";
import { provider, type Outcome, type ProviderDefinition } from "../../../src/sdk/index.ts";
import { createLog } from "../../../src/sdk/log.ts";

/** An answer, and what was logged. */
export interface Answer {
  outcome: Outcome;
  /** The result of a success. */
  result: unknown;
  /** Errors of the log. */
  logged: string[];
}

/** What a provider with one offer or more answers to a request. */
export async function answer(
  offers: Omit<ProviderDefinition, "name" | "version">,
  method: string,
  params: Record<string, unknown> | string = {},
): Promise<Answer> {
  const logged: string[] = [];
  const log = createLog((_level, message, fields) => logged.push(`${message}: ${String(fields?.["error"])}`));
  const definition = provider({ name: "sample", version: "1.0.0", ...offers });
  const handle = handleProvider(definition, { log, services: {} }, ALL_METHODS);
  const text = typeof params === "string" ? params : JSON.stringify(params);
  const { name, uri } = typeof params === "string" ? {} : (params as { name?: string; uri?: string });
  const outcome = await handle('{"requestId":"r1"}', {
    id: "1",
    method,
    target: name ?? uri,
    params: text,
  });
  return { outcome, result: outcome.tag === "success" ? JSON.parse(outcome.val) : undefined, logged };
}

/** The outcome of a failure. */
export function failed(code: number, message: string): object {
  return { tag: "failure", val: { code, message } };
}
