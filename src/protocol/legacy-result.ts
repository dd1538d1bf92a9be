import { isObject, type JsonObject } from "./message.ts";
import { HINTS_START } from "./cache-hints.ts";

/** Undoes, for one method, what results have had only since 2026-07-28. */
export type Downgrade = (
  result: string,
  parse: (text: string) => JsonObject | undefined,
) => string | undefined;

/** Every method whose results differ. Where its text shows that nothing is to be done, a result is not parsed. */
export const DOWNGRADES: ReadonlyMap<string, Downgrade> = new Map<string, Downgrade>([
  ["tools/call", withoutFreeContent],
  ["tools/list", (result, parse) => withoutFreeSchemas(withoutHints(result, parse), parse)],
  ["resources/list", withoutHints],
  ["resources/templates/list", withoutHints],
  ["resources/read", withoutHints],
  ["prompts/list", withoutHints],
]);

/** Caching hints, which components and routers write first. */
function withoutHints(result: string, parse: (text: string) => JsonObject | undefined): string | undefined {
  const start = HINTS_START.exec(result);
  const rest = start === null ? result : `{${result.slice(start[0].length)}`;
  if (!rest.includes('"ttlMs"') && !rest.includes('"cacheScope"')) return rest;
  const parsed = parse(rest);
  if (parsed === undefined) return undefined;
  const { ttlMs: _, cacheScope: __, ...kept } = parsed;
  return JSON.stringify(kept);
}

/** Structured content was an object; its JSON is among the content as text besides. */
function withoutFreeContent(
  result: string,
  parse: (text: string) => JsonObject | undefined,
): string | undefined {
  if (eachAfter(result, '"structuredContent"', (at) => result.startsWith(":{", at))) return result;
  const parsed = parse(result);
  if (parsed === undefined || !("structuredContent" in parsed) || isObject(parsed["structuredContent"])) {
    return parsed && result;
  }
  const { structuredContent: _, ...kept } = parsed;
  return JSON.stringify(kept);
}

const OBJECT_SCHEMA = /:\{(?:"\$schema":"[^"\\]*",)?"type":"object"[,}]/y;

/** A schema of structured content was one of an object. */
function withoutFreeSchemas(
  result: string | undefined,
  parse: (text: string) => JsonObject | undefined,
): string | undefined {
  if (result === undefined || eachAfter(result, '"outputSchema"', (at) => startsObjectSchema(result, at)))
    return result;
  const parsed = parse(result);
  if (parsed === undefined || !Array.isArray(parsed["tools"])) return parsed && result;
  const tools = parsed["tools"].map((tool: unknown) => {
    if (!isObject(tool) || !("outputSchema" in tool)) return tool;
    const { outputSchema, ...kept } = tool;
    return isObject(outputSchema) && outputSchema["type"] === "object" ? tool : kept;
  });
  return JSON.stringify({ ...parsed, tools });
}

function startsObjectSchema(text: string, at: number): boolean {
  OBJECT_SCHEMA.lastIndex = at;
  return OBJECT_SCHEMA.test(text);
}

/** True when what follows on a key passes, wherever it stands. Inside a string the key would have other quotes. */
function eachAfter(text: string, key: string, passes: (at: number) => boolean): boolean {
  for (let at = text.indexOf(key); at !== -1; at = text.indexOf(key, at + key.length)) {
    if (!passes(at + key.length)) return false;
  }
  return true;
}
