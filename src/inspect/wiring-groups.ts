import type { PartImport, PartWire } from "./inspection.ts";

/** What leads to one kind of place: interfaces without versions, grouped by package. */
export interface WireGroup {
  kind: PartWire["kind"];
  /** Such as `wasi:clocks/{monotonic-clock, wall-clock}`. */
  packages: string[];
  /** How many functions lead there; 0 where functions are not known. */
  functions: number;
}

const ORDER: PartWire["kind"][] = [
  "unknown",
  "gate",
  "host",
  "log",
  "settings",
  "catalog",
  "audit",
  "crypto",
  "random",
  "next",
  "part",
  "open",
  "stub",
];

/** The imports of a part by where they lead, what matters first. Interfaces of types alone lead nowhere. */
export function groupWires(imports: readonly PartImport[]): WireGroup[] {
  return ORDER.flatMap((kind): WireGroup[] => {
    const names: string[] = [];
    let functions = 0;
    for (const { interface: id, wires } of imports) {
      for (const wire of wires) {
        if (wire.kind !== kind || (kind !== "open" && wire.functions.length === 0)) continue;
        const name = id.replace(/@.*$/, "");
        functions += wire.functions.length;
        names.push(...(wires.length === 1 ? [name] : partOf(name, wire.functions)));
      }
    }
    return names.length === 0 ? [] : [{ kind, packages: byPackage(names), functions }];
  });
}

/** Some functions of an interface: by name while they are few. */
function partOf(name: string, functions: readonly string[]): string[] {
  return functions.length <= 3 ? functions.map((each) => `${name}#${each}`) : [`${name}#…`];
}

function byPackage(names: readonly string[]): string[] {
  const packages = new Map<string, string[]>();
  for (const name of [...new Set(names)].sort()) {
    const slash = name.indexOf("/");
    const [group, rest] = slash < 0 ? [name, ""] : [name.slice(0, slash), name.slice(slash + 1)];
    packages.set(group, [...(packages.get(group) ?? []), rest]);
  }
  return [...packages].map(([group, [first, ...others]]) => {
    if (first === "") return group;
    return `${group}/${others.length === 0 ? first : `{${[first, ...others].join(", ")}}`}`;
  });
}
