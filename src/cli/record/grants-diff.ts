import type { GrantedService, Grants } from "../../manifest/index.ts";
import { canonicalJson } from "../../manifest/index.ts";

const SERVICES: readonly GrantedService[] = ["http", "kv", "config", "secrets"];

/** What is granted and what was used, item by item. */
export interface ServiceDiff {
  service: GrantedService;
  kept: unknown[];
  unused: unknown[];
  missing: unknown[];
}

/** Compares grants of one part; services that occur in neither are left out. */
export function compareGrants(granted: Grants, used: Grants): ServiceDiff[] {
  return SERVICES.flatMap((service) => {
    const before: readonly unknown[] = granted[service] ?? [];
    const after: readonly unknown[] = used[service] ?? [];
    if (before.length === 0 && after.length === 0) return [];
    return [
      {
        service,
        kept: before.filter((item) => has(after, item)),
        unused: before.filter((item) => !has(after, item)),
        missing: after.filter((item) => !has(before, item)),
      },
    ];
  });
}

function has(list: readonly unknown[], item: unknown): boolean {
  return list.some((each) => comparable(each) === comparable(item));
}

/** An item with its defaults written out and its lists in order. */
function comparable(item: unknown): string {
  if (typeof item !== "object" || item === null || !("origin" in item) || "name" in item) {
    return canonicalJson(item as never);
  }
  const { methods = ["GET", "HEAD"], paths = [], ...rest } = item as { methods?: string[]; paths?: string[] };
  return canonicalJson({ ...rest, methods: [...methods].sort(), paths: [...paths].sort() });
}

/** The grants as JSON with a mark before each line, as in a unified diff: `-` is granted and unused, `+` used and missing. */
export function diffText(parts: readonly { as: string; services: readonly ServiceDiff[] }[]): string {
  const lines = ['   "grants": {'];
  for (const { as, services } of parts) {
    lines.push(`     ${JSON.stringify(as)}: {`);
    for (const { service, kept, unused, missing } of services) {
      const mark =
        kept.length > 0 || (unused.length > 0 && missing.length > 0) ? " " : unused.length > 0 ? "-" : "+";
      lines.push(`${mark}      "${service}": [`);
      for (const [sign, items] of [
        [" ", kept],
        ["-", unused],
        ["+", missing],
      ] as const) {
        for (const item of items) lines.push(`${sign}        ${JSON.stringify(item)}`);
      }
      lines.push(`${mark}      ]`);
    }
    lines.push("     }");
  }
  return `${[...lines, "   }"].join("\n")}\n`;
}
