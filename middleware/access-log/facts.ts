import type { LogFields } from "tenon";
import { printable } from "./printable.ts";

/** What other middleware recorded of a request. */
export interface Facts {
  /** By name; of two with one name the later counts. */
  readonly members: LogFields;
  /** True when some are missing: over a limit, or by a name that the log has for something else. */
  readonly dropped: boolean;
}

const MAX_FACTS = 16;
const MAX_MEMBERS = 16;
const MAX_DEPTH = 4;
const MAX_FACT_LENGTH = 2048;
const NAME = /^[A-Za-z][A-Za-z0-9_-]{0,63}$/;

const NONE: Facts = { members: {}, dropped: false };

/**
 * Puts together what was recorded.
 *
 * @param taken `null` stands for what was over the limit of the host.
 * @param own Names that are the log's own.
 */
export function mergeFacts(
  taken: readonly (Readonly<Record<string, unknown>> | null)[],
  own: ReadonlySet<string>,
): Facts {
  if (taken.length === 0) return NONE;
  const members = new Map<string, unknown>();
  let dropped = false;
  for (const facts of taken) {
    if (facts === null) dropped = true;
    for (const [name, value] of Object.entries(facts ?? {})) {
      const isKnown = members.has(name);
      if (own.has(name) || !NAME.test(name) || (!isKnown && members.size === MAX_FACTS)) {
        dropped = true;
        continue;
      }
      const kept = bounded(value, 1);
      // No other value is long once it is bounded.
      const fits = typeof kept !== "object" || JSON.stringify(kept).length <= MAX_FACT_LENGTH;
      if (fits) members.set(name, kept);
      else dropped = true;
    }
  }
  return { members: Object.fromEntries(members), dropped };
}

/** A value that a line can hold: few members, few levels, printable texts. */
function bounded(value: unknown, depth: number): unknown {
  if (typeof value === "string") return printable(value);
  if (typeof value !== "object" || value === null) return value;
  if (depth === MAX_DEPTH) return "…";
  if (Array.isArray(value)) return value.slice(0, MAX_MEMBERS).map((item) => bounded(item, depth + 1));
  return Object.fromEntries(
    Object.entries(value)
      .slice(0, MAX_MEMBERS)
      .map(([name, member]) => [printable(name), bounded(member, depth + 1)]),
  );
}
