import { formatSize } from "../format-size.ts";
import { grantLines } from "../grant-lines.ts";
import type { Catalog, Inspection, PartInspection } from "../inspection.ts";
import { groupWires } from "../wiring-groups.ts";

/** One line of a card. */
export interface Row {
  text: string;
  /** `open` and `shut` are doors: what a gate lets through, and what a stub denies. Default: no door. */
  door?: "open" | "shut";
  /** Starts below the text of a line with a door. */
  indented?: boolean;
  faint?: boolean;
  /** In the colour of warnings. */
  alarm?: boolean;
}

/** A box of the picture. */
export interface Card {
  kind: "host" | "middleware" | "provider" | "router";
  title: string;
  /** Right of the title. */
  note?: string;
  rows: Row[];
}

/** Lines of imports of a component that is not composed. */
const MAX_IMPORTS = 16;
const MAX_GRANTS = 12;

/** What the core itself imports of its host. */
export function hostCard({ imports }: { imports: readonly string[] }): Card {
  const rows = imports
    .filter((name) => !name.startsWith("tenon:mcp/types@"))
    .map((name) => ({
      text: name.replace(/@.*$/, "").replace(/^(?:tenon:host|tenon:mcp|wasi:[^/]+)\//, ""),
    }));
  return {
    kind: "host",
    title: "host",
    rows: [{ text: "lends", faint: true }, ...bounded(rows, MAX_IMPORTS)],
  };
}

/** The generated end of the chain, with the lists it answers. */
export function routerCard(catalog: Catalog): Card {
  const lists = {
    tools: catalog.tools,
    resources: catalog.resources,
    resourceTemplates: catalog.resourceTemplates,
    prompts: catalog.prompts,
  };
  const rows = (Object.keys(lists) as (keyof typeof lists)[]).flatMap((list): Row[] => {
    const { length } = lists[list];
    const dynamic = catalog.dynamic.find((each) => each.list === list);
    if (length === 0 && dynamic === undefined) return [];
    const what = list === "resourceTemplates" ? "templates" : list;
    return [{ text: `${length} ${what}${dynamic === undefined ? "" : ` + ${dynamic.provider}'s`}` }];
  });
  return {
    kind: "router",
    title: "router",
    rows: [{ text: "no engine; constant lists:", faint: true }, ...rows],
  };
}

/** A part of a composition, or a component alone. */
export function partCard(part: PartInspection, catalog: Catalog | undefined): Card {
  const { as, role, name, version, methods, sizes } = part;
  const rows: Row[] = [];
  if (version !== undefined) {
    rows.push({ text: name === as ? version : `${name} ${version}`, faint: true });
  }
  if (part.authenticates) rows.push({ text: "authenticates every caller" });
  if (part.requires?.some(({ principal }) => principal)) rows.push({ text: "by principal", faint: true });
  if (methods !== undefined) rows.push({ text: methods.join(", "), faint: true });
  if (catalog !== undefined && role === "provider") rows.push(...offers(as, catalog));
  rows.push(...doors(part));
  return {
    kind: role === "middleware" ? "middleware" : "provider",
    title: as,
    ...(sizes !== undefined && { note: formatSize(sizes.raw) }),
    rows,
  };
}

function offers(as: string, catalog: Catalog): Row[] {
  const own = (entries: readonly { provider: string }[]): number =>
    entries.filter(({ provider }) => provider === as).length;
  const tools = catalog.tools.filter(({ provider }) => provider === as);
  const counts = [
    [own(catalog.resources), "resource"],
    [own(catalog.resourceTemplates), "template"],
    [own(catalog.prompts), "prompt"],
  ] as const;
  const others = counts
    .filter(([count]) => count > 0)
    .map(([count, what]) => `${count} ${what}${count === 1 ? "" : "s"}`);
  return [
    ...(tools.length === 0 ? [] : [{ text: tools.map(({ definition }) => definition.name).join(", ") }]),
    ...(others.length === 0 ? [] : [{ text: others.join(", ") }]),
  ];
}

/** What the part can reach, by gates, and what it cannot. */
function doors({ imports, unsafe }: PartInspection): Row[] {
  const open: Row[] = unsafe ? [{ text: "UNSAFE: WASI of the host", door: "open", alarm: true }] : [];
  const shut: Row[] = [];
  for (const { interface: id, wires } of imports) {
    const [, service] = /^tenon:host\/([^@]+)/.exec(id) ?? [];
    for (const wire of wires) {
      if (wire.kind === "gate") {
        const lines = wire.grant === undefined ? [] : grantLines(wire.grant);
        open.push(
          ...lines.flatMap(({ service: granted, what, how }): Row[] => [
            { text: `${granted} ${what}`, door: "open" },
            ...(how === undefined ? [] : [{ text: how, indented: true, faint: true }]),
          ]),
        );
        if (lines.length === 0) open.push({ text: `${service ?? id}: gate unknown`, door: "open" });
      } else if (wire.kind === "unknown") {
        open.push({ text: `${id.replace(/@.*$/, "")}: unknown`, door: "open" });
      } else if (wire.kind === "stub" && service !== undefined) {
        shut.push({
          text: wires.length === 1 ? service : `${service} ${wire.functions.join(", ")}`,
          door: "shut",
        });
      }
    }
  }
  // Every engine is denied the same parts of WASI: their names will do.
  const foreign = imports
    .filter(({ interface: id, wires: [first, ...others] }) => {
      return first?.kind === "stub" && others.length === 0 && !id.startsWith("tenon:");
    })
    .map(({ interface: id }) => id.replace(/[/@].*$/, "").replace(/^wasi:/, ""));
  if (foreign.length > 0) shut.push({ text: `wasi ${[...new Set(foreign)].sort().join(" ")}`, door: "shut" });
  const undecided = (groupWires(imports).find(({ kind }) => kind === "open")?.packages ?? []).map((text) => ({
    text,
  }));
  return [...bounded(open, MAX_GRANTS), ...shut, ...bounded(undecided, MAX_IMPORTS)];
}

function bounded(rows: readonly Row[], most: number): Row[] {
  if (rows.length <= most) return [...rows];
  return [...rows.slice(0, most - 1), { text: `and ${rows.length - most + 1} more`, faint: true }];
}

/** What the picture says of the file as a whole. */
export function caption({ kind, name, version, access, verdict, sizes, digest }: Inspection): string[] {
  const what = name === undefined ? "a component without a manifest" : `${name} ${version}`;
  const facts = [
    verdict?.proven === false ? "NOT PROVEN" : undefined,
    kind === "component" ? undefined : kind === "core" ? "composed server" : kind,
    access === undefined ? undefined : `access ${access}`,
    `${formatSize(sizes.raw)}, ${formatSize(sizes.gzip)} gzip`,
    `${digest.slice(0, 19)}…`,
  ];
  return [what, facts.filter((each) => each !== undefined).join(" · ")];
}
