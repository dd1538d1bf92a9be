import { closingQuote, scanJson, type ScanLimits } from "./scan-json.ts";
import type { RpcError } from "./types.ts";
import { RPC } from "./rpc-error.ts";

/** The one revision with batches. */
export const BATCH_REVISION = "2025-03-26";
/** Messages that a batch may have. */
export const MAX_BATCH = 50;

/** The error for a batch with more messages than {@link MAX_BATCH}. */
export const LONG_BATCH: RpcError = {
  code: RPC.invalidRequest,
  message: `Invalid request: a batch has at most ${MAX_BATCH} messages`,
};
/** The error for a message that must not be in a batch: `initialize`, and whatever knows of no batches. */
export const ALONE: RpcError = {
  code: RPC.invalidRequest,
  message: "Invalid request: this message must not be in a batch",
};

/** True for a text that may be a batch. */
export function mayBeBatch(text: string): boolean {
  return /^[ \t\r\n]*\[/.test(text);
}

/** The texts of the messages in a batch. Nothing when the text is anything else: what it is, is for one message to say. */
export function splitBatch(text: string, limits: ScanLimits): string[] | undefined {
  if (!mayBeBatch(text) || scanJson(text, limits).fault !== undefined) return undefined;
  try {
    JSON.parse(text);
  } catch {
    return undefined;
  }
  const messages = elements(text);
  return messages.length === 0 ? undefined : messages;
}

/** The bodies of answers as one array; nothing when there is none. */
export function joinBodies(bodies: readonly (string | undefined)[]): string | undefined {
  const given = bodies.filter((body) => body !== undefined);
  return given.length === 0 ? undefined : `[${given.join()}]`;
}

/** The texts of the elements of an array, as they stand. The text must be JSON. */
function elements(text: string): string[] {
  const found: string[] = [];
  let depth = 0;
  let from = text.indexOf("[") + 1;
  for (let at = from - 1; at < text.length; at++) {
    const token = text[at]!;
    if (token === '"') at = closingQuote(text, at + 1);
    else if (token === "[" || token === "{") depth++;
    else if (token === "]" || token === "}") depth--;
    const ends = depth === 0 && token === "]";
    if (!ends && (depth !== 1 || token !== ",")) continue;
    const element = text.slice(from, at).trim();
    if (element !== "") found.push(element);
    if (ends) break;
    from = at + 1;
  }
  return found;
}
