import { mapStack, mayHoldStack, parseSourceMap, type SourceMap } from "../../src/source-map/index.ts";
import type { LogEntry } from "./log-line.ts";

/**
 * Makes stacks in log entries tell places in the sources of the part that wrote the entry. An entry without a stack comes
 * back as it is, and a map is decoded when the first stack of its part is logged.
 *
 * @param sourceMaps JSON by the name of the part.
 */
export function createLogMapper(sourceMaps: ReadonlyMap<string, string>): (entry: LogEntry) => LogEntry {
  const decoded = new Map<string, SourceMap | undefined>();

  function mapOf(part: string): SourceMap | undefined {
    if (!decoded.has(part)) decoded.set(part, parseSourceMap(sourceMaps.get(part) ?? ""));
    return decoded.get(part);
  }

  return (entry) => {
    const { source, message, fields } = entry;
    const inFields = fields !== undefined && mayHoldStack(fields);
    if (source === undefined || !(inFields || mayHoldStack(message))) return entry;
    const mapped = (text: string): string => mapStack(text, () => mapOf(source));
    return {
      ...entry,
      message: mapped(message),
      ...(inFields ? { fields: mapFields(fields, mapped) } : {}),
    };
  };
}

function mapFields(fields: string, mapped: (text: string) => string): string {
  try {
    const value: unknown = JSON.parse(fields);
    if (typeof value !== "object" || value === null || Array.isArray(value)) return fields;
    const members = Object.entries(value).map(([name, member]: [string, unknown]) => [
      name,
      typeof member === "string" ? mapped(member) : member,
    ]);
    return JSON.stringify(Object.fromEntries(members));
  } catch {
    return fields;
  }
}
