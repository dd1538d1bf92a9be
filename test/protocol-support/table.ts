import type { Feature } from "./features.ts";

/** One way to reach a server. */
export interface Way {
  /** As the table names it. */
  name: string;
  /** As the table names all ways to one host. */
  host: string;
  transport: "http" | "stdio";
  /** The last revision that knows of it; all when absent. */
  until?: string;
}

/** Names of the features that work, by way and revision. */
export type Findings = Record<string, Record<string, string[]>>;

/** True when a revision has a feature on the transport of a way. */
export function applies(feature: Feature, way: Way, revision: string): boolean {
  return (
    (feature.since ?? revision) <= revision &&
    revision <= (feature.until ?? revision) &&
    revision <= (way.until ?? revision) &&
    (feature.only ?? way.transport) === way.transport
  );
}

/** The table of what works, with a column for each revision. A cell names the ways on which a feature works, unless it is all. */
export function supportTable(
  features: readonly Feature[],
  ways: readonly Way[],
  revisions: readonly string[],
  findings: Findings,
): string {
  const cell = (feature: Feature, revision: string): string => {
    const possible = ways.filter((way) => applies(feature, way, revision));
    const works = ({ name }: Way): boolean => findings[name]?.[revision]?.includes(feature.name) ?? false;
    if (possible.length === 0) return "–";
    if (possible.every(works)) return "yes";
    const names = possible.filter(works).map(({ name, host }) => {
      const isWholeHost = possible.every((way) => way.host !== host || works(way));
      return isWholeHost ? host : name;
    });
    return [...new Set(names)].join(", ") || "no";
  };
  const rows = features.map((feature) => [
    feature.name,
    ...revisions.map((revision) => cell(feature, revision)),
  ]);
  const rule = ["feature", ...revisions].map(() => "---");
  return [["feature", ...revisions], rule, ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}
