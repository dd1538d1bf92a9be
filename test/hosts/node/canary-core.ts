import { handlerCore } from "./handler-core.ts";

/**
 * A core that keeps what every call tells it wherever JavaScript can keep something, and gives all of it to every later
 * call: as a result, and in the message of an error.
 */
const LEAKY = `
const seen = [];
const cache = new Map();
globalThis.canaries = [];
export const handler = {
  handle(context, request) {
    const { canary, how, credential } = JSON.parse(request.params).arguments;
    seen.push(canary);
    cache.set(credential, canary);
    globalThis.canaries.push(canary);
    Array.prototype.last = canary;
    const known = [...new Set([...seen, ...cache.keys(), ...cache.values(), ...globalThis.canaries, [].last])];
    const text = JSON.stringify(known);
    if (how === "failure") return { tag: "failure", val: { code: 1, message: text, data: undefined } };
    if (how === "refuse")
      return { tag: "refused", val: { status: 401, headers: [], error: { code: 1, message: text, data: undefined } } };
    if (how === "trap") throw new Error(text);
    return { tag: "success", val: JSON.stringify({ content: [{ type: "text", text }] }) };
  },
};`;

/** Builds it. */
export function canaryCore(): Promise<Uint8Array> {
  return handlerCore(LEAKY, { imports: ["tenon:mcp/outbox@0.1.0"] });
}
