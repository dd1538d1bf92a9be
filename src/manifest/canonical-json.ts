import type { Json } from "./manifest.ts";

/** Members whose content stays in its author's order: models read the parameters of a tool in that order. */
const VERBATIM = new Set(["_meta", "annotations", "inputSchema", "outputSchema", "settingsSchema"]);

/**
 * JSON text that does not depend on how the value was put together: members in ascending order of their UTF-16 code
 * units, absent ones left out, no white space. Schemas, annotations and `_meta` keep their own order.
 */
export function canonicalJson(value: Json): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(",")}]`;
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  const members = Object.keys(value)
    .filter((key) => value[key] !== undefined)
    .sort()
    .map((key) => {
      const member = value[key]!;
      return `${JSON.stringify(key)}:${VERBATIM.has(key) ? JSON.stringify(member) : canonicalJson(member)}`;
    });
  return `{${members.join(",")}}`;
}

/** A copy of a JSON value as it is read back from a manifest, which is written in canonical JSON. */
export function canonical<Value>(value: Value): Value {
  return JSON.parse(canonicalJson(value as Json)) as Value;
}
