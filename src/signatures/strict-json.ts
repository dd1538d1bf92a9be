import { scanJson } from "../protocol/scan-json.ts";

const LIMITS = { maxDepth: 32, maxTokens: 20_000 };

/**
 * Reads JSON that two parsers cannot read differently: UTF-8 without errors, RFC 8259 to the letter, no key twice in an
 * object, no `__proto__`, at most 32 levels. Nothing for any other bytes.
 */
export function parseStrictJson(bytes: Uint8Array): unknown {
  try {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    return scanJson(text, LIMITS).fault === undefined ? (JSON.parse(text) as unknown) : undefined;
  } catch {
    // Not UTF-8, or not JSON.
    return undefined;
  }
}

/** True for an object that is not an array. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
