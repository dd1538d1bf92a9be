/**
 * One member of an interface. Definitions are text in which `$"t name"` stands for a type of the same interface and
 * `$"o track name"` for one of another, so that they can be compared, and written into a generated component as they
 * are.
 */
export type Entry =
  | { kind: "resource" }
  /** A type taken from another interface. */
  | { kind: "use"; track: string; name: string }
  | { kind: "type"; definition: string }
  | { kind: "function"; definition: string };

/** An interface as far as a component uses it. */
export interface Interface {
  /** Full id, such as `wasi:io/poll@0.2.12`. */
  name: string;
  entries: Map<string, Entry>;
}

/** Interfaces by track. */
export type Interfaces = Map<string, Interface>;

/**
 * The semver-compatible range an interface id belongs to: `wasi:io/poll@0.2` for `wasi:io/poll@0.2.12`. Interfaces
 * of one track are one interface. A pre-release is compatible with nothing but itself.
 */
export function trackOf(name: string): string {
  return name.replace(/@(0\.[1-9]\d*|[1-9]\d*)(\.\d+)+$/, "@$1");
}

/** An interface id without its version. */
export function withoutVersion(name: string): string {
  return name.replace(/@.*$/, "");
}

/** Stands for a type of the same interface in a definition. */
export function localType(name: string): string {
  return `$"t ${name}"`;
}

/** Stands for a type of another interface in a definition. */
export function outerType(track: string, name: string): string {
  return `$"o ${track} ${name}"`;
}

/** Replaces every type reference in a definition; references to the same interface come with `home` as their track. */
export function replaceTypes(
  definition: string,
  home: string,
  replace: (track: string, name: string) => string,
): string {
  return definition.replace(/\$"(?:t|o (\S+)) ([^"]+)"/g, (_, track: string | undefined, name: string) =>
    replace(track ?? home, name),
  );
}

/** Where a type is declared, following `use`. */
export function homeOf(interfaces: Interfaces, track: string, name: string): { track: string; name: string } {
  const entry = interfaces.get(track)?.entries.get(name);
  return entry?.kind === "use" ? homeOf(interfaces, entry.track, entry.name) : { track, name };
}

/** Names of the functions of an interface. */
export function functionsOf(of: Interface): string[] {
  return [...of.entries].filter(([, entry]) => entry.kind === "function").map(([name]) => name);
}

/** Tracks an interface takes types from. */
export function dependenciesOf(of: Interface): Set<string> {
  return new Set([...of.entries.values()].flatMap((entry) => (entry.kind === "use" ? [entry.track] : [])));
}

/** The name of the first entry that is in both interfaces and not the same in both. */
export function conflictBetween(a: Interface, b: Interface): string | undefined {
  for (const [name, entry] of a.entries) {
    const other = b.entries.get(name);
    if (other !== undefined && JSON.stringify(entry) !== JSON.stringify(other)) return name;
  }
  return undefined;
}

/** The interface with the functions `keep` accepts, and the types these need. */
export function prune(interfaces: Interfaces, track: string, keep: (name: string) => boolean): Interface {
  const of = interfaces.get(track)!;
  const kept = new Set<string>();
  const visit = (name: string): void => {
    if (kept.has(name)) return;
    kept.add(name);
    const entry = of.entries.get(name);
    if (entry?.kind !== "type" && entry?.kind !== "function") return;
    replaceTypes(entry.definition, track, (from, type) => {
      if (from === track) visit(type);
      else
        for (const [alias, e] of of.entries)
          if (e.kind === "use" && e.track === from && e.name === type) visit(alias);
      return "";
    });
  };
  const functions = functionsOf(of).filter(keep);
  for (const name of functions) visit(name);
  if (functionsOf(of).length === 0) for (const name of of.entries.keys()) visit(name);
  return { name: of.name, entries: new Map([...of.entries].filter(([name]) => kept.has(name))) };
}
