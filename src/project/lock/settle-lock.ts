import { ToolkitError } from "../../errors/index.ts";
import {
  diff,
  differenceText,
  importedCapabilities,
  inspect,
  neededAllowances,
  type Allowance,
  type Inspection,
} from "../../inspect/index.ts";
import type { Pulled, Puller } from "../create-puller.ts";
import { changeText, compareLock, type LockChange } from "./compare-lock.ts";
import { frozenError, lockError } from "./lock-error.ts";
import { writeLock, type LockedComponent, type LockFile } from "./lock-file.ts";

/** How far a lock file may change. */
export interface LockRules {
  /** Refuse every change. Default false. */
  frozen?: boolean;
  /** What may be another in what moves. Default: nothing. */
  allow?: ReadonlySet<Allowance>;
}

/** A part that came from a registry. */
export interface PulledPart {
  as: string;
  /** As `tenon.json` has it. */
  reference: string;
  pulled: Pulled;
}

/**
 * Holds a lock file against what was pulled, and writes it anew where it changed and may.
 *
 * @returns what changed, for people: one sentence for each part, and below it how its component differs
 * @throws {@link ToolkitError} `ERR_LOCK` when it must not change, or what moved tells models something else or may do more
 */
export async function settleLock(
  path: string,
  lock: LockFile | undefined,
  parts: readonly PulledPart[],
  puller: Puller,
  { frozen = false, allow = new Set() }: LockRules,
): Promise<string[]> {
  const current: Record<string, LockedComponent> = {};
  for (const part of parts) current[part.as] = await describePart(part);
  const changes = compareLock(lock?.components ?? {}, current);
  if (changes.length === 0) return [];
  const other = changes.filter(({ kind }) => kind === "other");
  if (other.length > 0) {
    throw lockError(
      path,
      "it says what is not so",
      other.map(changeText),
      "Restore the file as it was written",
    );
  }
  if (frozen) throw frozenError(path, changes.map(changeText));
  const moved = await Promise.all(changes.map((change) => compareMoved(change, parts, puller)));
  const refused = moved
    .map((each) => ({ ...each, missing: each.needed.filter((need) => !allow.has(need)) }))
    .filter(({ missing }) => missing.length > 0);
  if (refused.length > 0) {
    const needed = [...new Set(moved.flatMap((each) => each.needed))];
    const names = refused.map(({ change }) => change.as);
    throw lockError(
      path,
      `${names.map((name) => `"${name}"`).join(", ")} would have other ${needed.join(" and ")}`,
      refused.flatMap(({ lines }) => lines),
      `If all of this is meant, run "tenon compose --update ${names.join(" ")} --allow ${needed.join()}"`,
    );
  }
  await writeLock(path, { lockVersion: 1, components: current });
  return moved.flatMap(({ lines }) => lines);
}

interface Moved {
  change: LockChange;
  lines: string[];
  needed: Allowance[];
}

/** What a change is, and for one that moved how the components differ. */
async function compareMoved(
  change: LockChange,
  parts: readonly PulledPart[],
  puller: Puller,
): Promise<Moved> {
  const lines = [changeText(change)];
  const { as, old, new: now } = change;
  if (change.kind !== "moved" || old!.component === now!.component) return { change, lines, needed: [] };
  const [before, after] = [
    await inspectLocked(old!, puller),
    await inspectPart(parts.find((part) => part.as === as)!),
  ];
  if (before === undefined) {
    lines.push("  What was locked cannot be had any more, so that nobody can tell how they differ");
    const needed = ["capabilities" as const];
    return {
      change,
      lines,
      needed: old!.definitions === now!.definitions ? needed : ["definitions", ...needed],
    };
  }
  const difference = diff(before, after);
  const text = differenceText(difference, (_, plain) => plain).trimEnd();
  return {
    change,
    lines: [...lines, ...indented(text)],
    needed: neededAllowances(difference),
  };
}

function indented(text: string): string[] {
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => `  ${line}`);
}

/** What was locked, from the cache or its registry; nothing when neither has it any more. */
async function inspectLocked(
  { reference, manifest }: LockedComponent,
  puller: Puller,
): Promise<Inspection | undefined> {
  try {
    const { bytes } = await puller.pull(`${reference.replace(/@.*$/, "")}@${manifest}`);
    return await inspect(bytes, { name: reference });
  } catch (error) {
    if (error instanceof ToolkitError) return undefined;
    throw error;
  }
}

const inspected = new WeakMap<Uint8Array, Promise<Inspection>>();

/** What the bytes of a part hold; asked once for the same bytes, since development composes them again and again. */
async function inspectPart({ reference, pulled: { bytes } }: PulledPart): Promise<Inspection> {
  let inspection = inspected.get(bytes);
  if (inspection === undefined) {
    inspection = inspect(bytes, { name: reference });
    inspected.set(bytes, inspection);
  }
  return await inspection;
}

async function describePart(part: PulledPart): Promise<LockedComponent> {
  const { reference, pulled } = part;
  const { catalog, parts } = await inspectPart(part);
  const [{ toolchain } = { toolchain: undefined }] = parts;
  return {
    reference,
    manifest: pulled.manifest,
    component: pulled.component,
    size: pulled.bytes.length,
    ...(pulled.signer !== undefined && { signer: pulled.signer }),
    ...(catalog && { definitions: catalog.digest }),
    capabilities: [...new Set(parts.flatMap(importedCapabilities))].sort(),
    ...(toolchain && { sdk: toolchain.sdk, engine: `${toolchain.engine.name} ${toolchain.engine.version}` }),
  };
}
