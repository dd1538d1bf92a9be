import { formatSize } from "../format-size.ts";
import type { Inspection, PartInspection } from "../inspection.ts";
import type { FactChange } from "./difference.ts";

/** What else is another: versions, what it was made with, code, size. */
export function diffFacts(before: Inspection, after: Inspection): FactChange[] {
  return [
    ...changed("name", before.name, after.name),
    ...changed("version", before.version, after.version),
    ...aboutOf(before, after),
    ...changed("core", before.core?.digest, after.core?.digest),
    ...partFacts(before, after),
    ...changed("size", sizeText(before), sizeText(after)),
  ];
}

function changed(what: string, old: string | undefined, is: string | undefined): FactChange[] {
  if (old === is) return [];
  return [{ what, ...(old !== undefined && { old }), ...(is !== undefined && { new: is }) }];
}

/** What a component says of itself; that of a composed server is among what clients see. */
function aboutOf(before: Inspection, after: Inspection): FactChange[] {
  if (after.access !== undefined) return [];
  return [
    ...changed("title", before.title, after.title),
    ...changed("description", before.description, after.description),
  ];
}

function sizeText({ sizes }: Inspection): string {
  return `${formatSize(sizes.raw)} (${sizes.raw} bytes)`;
}

function partFacts(before: Inspection, after: Inspection): FactChange[] {
  if (before.chain === undefined || after.chain === undefined) {
    return before.parts.length === 1 && after.parts.length === 1
      ? factsOf("", before.parts[0]!, after.parts[0]!)
      : [];
  }
  const names = new Set([...after.parts, ...before.parts].map(({ as }) => as));
  return [...names].flatMap((as) => {
    const [was, is] = [before, after].map(({ parts }) => parts.find((part) => part.as === as));
    if (was !== undefined && is !== undefined) {
      return [...changed(`${as}: version`, was.version, is.version), ...factsOf(`${as}: `, was, is)];
    }
    return changed(as, was && identityText(was), is && identityText(is));
  });
}

function identityText({ role, name = "", version = "" }: PartInspection): string {
  return [role, name, version].filter((word) => word !== "").join(" ");
}

function factsOf(prefix: string, was: PartInspection, is: PartInspection): FactChange[] {
  return [
    ...changed(`${prefix}sdk`, was.toolchain?.sdk, is.toolchain?.sdk),
    ...changed(`${prefix}engine`, engineText(was), engineText(is)),
    ...changed(`${prefix}code`, was.code, is.code),
  ];
}

function engineText({ toolchain }: PartInspection): string | undefined {
  return toolchain && `${toolchain.engine.name} ${toolchain.engine.version}`;
}
