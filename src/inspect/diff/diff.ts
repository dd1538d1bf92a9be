import type { Inspection } from "../inspection.ts";
import { diffCapabilities } from "./diff-capabilities.ts";
import { diffDefinitions } from "./diff-definitions.ts";
import { diffFacts } from "./diff-facts.ts";
import type { Allowance, Difference, Side } from "./difference.ts";

/** How what {@link inspect} found of two components differs: a provider of two versions, or two composed servers. */
export function diff(before: Inspection, after: Inspection): Difference {
  const sides = { diffVersion: 1 as const, old: sideOf(before), new: sideOf(after) };
  if (before.digest === after.digest) return { ...sides, definitions: [], capabilities: [], facts: [] };
  return {
    ...sides,
    definitions: diffDefinitions(before, after),
    capabilities: diffCapabilities(before, after),
    facts: diffFacts(before, after),
  };
}

function sideOf({ digest, kind, name, version, sizes }: Inspection): Side {
  return {
    digest,
    kind,
    ...(name !== undefined && { name }),
    ...(version !== undefined && { version }),
    size: sizes.raw,
  };
}

/** What a person has to allow before the new one may take the place of the old one: any definition, and more capabilities. */
export function neededAllowances({ definitions, capabilities }: Difference): Allowance[] {
  return [
    ...(definitions.length > 0 ? ["definitions" as const] : []),
    ...(capabilities.some(({ change }) => change !== "narrowed") ? ["capabilities" as const] : []),
  ];
}
