import { GROUPS } from "./cases/groups.ts";
import { DIFFERENCES } from "./differences.ts";
import { HOSTS } from "./hosts.ts";
import type { CaseGroup, PortableCase } from "./portable-case.ts";

/** What the tables of docs/portability.md say, made of the cases and the declared differences that every run proves. */
export function portabilityTables(digests: ReadonlyMap<string, string>): string {
  const notes: string[] = [];
  const note = (reason: string): string => {
    if (!notes.includes(reason)) notes.push(reason);
    return `${notes.indexOf(reason) + 1}`;
  };
  const cell = (group: CaseGroup, { name, only }: PortableCase, key: string): string => {
    const host = HOSTS[key]!;
    if (only !== undefined && only !== host.transport) return "–";
    if (host.notRun !== undefined) return note(host.notRun);
    const difference = DIFFERENCES[group.title]?.[key] ?? DIFFERENCES[name]?.[key];
    return difference === undefined ? "✓" : note(difference.reason);
  };
  const keys = Object.keys(HOSTS);
  const head = ["case", ...keys.map((key) => HOSTS[key]!.name)];
  const tables = GROUPS.map((group) => {
    const rows = group.cases.map((each) => [
      each.name.replaceAll("|", "\\|"),
      ...keys.map((key) => cell(group, each, key)),
    ]);
    const lines = [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`);
    const digest = digests.get(group.title);
    return [`## ${group.title}`, "", ...(digest ? [`Core: \`${digest}\``, ""] : []), ...lines].join("\n");
  });
  return [...tables, notes.map((reason, i) => `${i + 1}. ${reason}`).join("\n")].join("\n\n");
}
