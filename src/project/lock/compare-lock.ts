import type { LockedComponent } from "./lock-file.ts";

/** How an entry of a lock file and what is there now differ. */
export interface LockChange {
  /** The part. */
  as: string;
  /**
   * - `added`: it has no entry.
   * - `removed`: nothing uses its entry.
   * - `moved`: it is another manifest, by its own or by another reference.
   * - `signed`: its signer is another, or there is one, or none any more.
   * - `other`: the entry says of the same manifest what is not so.
   */
  kind: "added" | "moved" | "other" | "removed" | "signed";
  /** Absent for `added`. */
  old?: LockedComponent;
  /** Absent for `removed`. */
  new?: LockedComponent;
}

/** Compares the entries of a lock file with what the references of a project lead to now, sorted by part. */
export function compareLock(
  locked: Readonly<Record<string, LockedComponent>>,
  current: Readonly<Record<string, LockedComponent>>,
): LockChange[] {
  return [...new Set([...Object.keys(locked), ...Object.keys(current)])]
    .sort()
    .flatMap((as): LockChange[] => {
      const [old, now] = [ownOf(locked, as), ownOf(current, as)];
      if (now === undefined) return [{ as, kind: "removed", ...(old && { old }) }];
      if (old === undefined) return [{ as, kind: "added", new: now }];
      if (old.reference !== now.reference || old.manifest !== now.manifest) {
        return [{ as, kind: "moved", old, new: now }];
      }
      if (factsOf(old) !== factsOf(now)) return [{ as, kind: "other", old, new: now }];
      return old.signer === now.signer ? [] : [{ as, kind: "signed", old, new: now }];
    });
}

function ownOf(
  components: Readonly<Record<string, LockedComponent>>,
  as: string,
): LockedComponent | undefined {
  return Object.hasOwn(components, as) ? components[as] : undefined;
}

/** What follows from the bytes that a manifest stands for. */
function factsOf({ component, size, definitions, capabilities, sdk, engine }: LockedComponent): string {
  return JSON.stringify([component, size, definitions, capabilities, sdk, engine]);
}

/** A change as a sentence that starts with the part. */
export function changeText({ as, kind, old, new: now }: LockChange): string {
  switch (kind) {
    case "added":
      return `${as}: ${now!.reference} is locked to ${now!.manifest}`;
    case "removed":
      return `${as}: no reference of that name any more, ${old!.reference}`;
    case "moved":
      return old!.reference === now!.reference
        ? `${as}: ${now!.reference} moved from ${old!.manifest} to ${now!.manifest}`
        : `${as}: ${old!.reference} became ${now!.reference}, ${now!.manifest}`;
    case "signed":
      return `${as}: signed by ${now!.signer ?? "nobody who had to"}, before by ${old!.signer ?? "nobody who had to"}`;
    default:
      return `${as}: ${old!.manifest} is not what the lock file says of it`;
  }
}
