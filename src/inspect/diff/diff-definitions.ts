import type { Json } from "../../manifest/index.ts";
import type { Catalog, CatalogEntry, Inspection } from "../inspection.ts";
import { diffJson } from "./diff-json.ts";
import type { DefinitionChange } from "./difference.ts";

const LISTS = ["tools", "resources", "resourceTemplates", "prompts"] as const;

const NOTHING: Catalog = {
  digest: "",
  tools: [],
  resources: [],
  resourceTemplates: [],
  prompts: [],
  dynamic: [],
};

/** What clients see differently: of the server itself, and of each list. */
export function diffDefinitions(before: Inspection, after: Inspection): DefinitionChange[] {
  const [catalog = NOTHING, other = NOTHING] = [before.catalog, after.catalog];
  return [
    ...diffServer(before, after),
    ...LISTS.flatMap((list) => [
      ...diffDynamic(list, catalog, other),
      ...diffList(list, entriesOf(list, catalog), entriesOf(list, other)),
    ]),
  ];
}

/** What a composed server says of itself; nothing for anything else, whose description no client sees. */
function serverOf({ access, name, title, description, websiteUrl, icons, instructions }: Inspection): Json {
  if (access === undefined) return {};
  const all = { name, title, description, websiteUrl, icons, instructions };
  return JSON.parse(JSON.stringify(all)) as Json;
}

function diffServer(before: Inspection, after: Inspection): DefinitionChange[] {
  const members = diffJson(serverOf(before), serverOf(after)).filter(({ at }) => !at.endsWith("(order)"));
  return members.length === 0 ? [] : [{ list: "server", name: "*", change: "changed", members }];
}

/** A thing as it is compared: with who serves it, in a composed server. */
type Seen = readonly [name: string, seen: Json];

function entriesOf(list: (typeof LISTS)[number], catalog: Catalog): Seen[] {
  const isShared = new Set(catalog[list].map(({ provider }) => provider)).size > 1;
  return catalog[list].map((entry: CatalogEntry<object>) => {
    const seen = isShared ? { ...entry.definition, "(provider)": entry.provider } : entry.definition;
    return [nameOf(entry.definition), seen as Json];
  });
}

function nameOf(definition: { name?: string; uri?: string; uriTemplate?: string }): string {
  return definition.uri ?? definition.uriTemplate ?? definition.name ?? "";
}

function diffList(
  list: DefinitionChange["list"],
  before: readonly Seen[],
  after: readonly Seen[],
): DefinitionChange[] {
  const [old, current] = [new Map(before), new Map(after)];
  const changes = [...new Set([...current.keys(), ...old.keys()])].flatMap((name): DefinitionChange[] => {
    const [was, is] = [old.get(name), current.get(name)];
    const change = was === undefined ? "added" : is === undefined ? "removed" : "changed";
    const members = diffJson(was ?? (is && {}), is ?? {});
    return members.length === 0 ? [] : [{ list, name, change, members }];
  });
  const kept = [...current.keys()].filter((name) => old.has(name));
  const keptBefore = [...old.keys()].filter((name) => current.has(name));
  if (kept.every((name, i) => name === keptBefore[i])) return changes;
  const moved = { at: "(order)", old: keptBefore, new: kept };
  return [{ list, name: "*", change: "changed", members: [moved] }, ...changes];
}

/** Lists that hold more than what is known before it runs. */
function diffDynamic(list: (typeof LISTS)[number], before: Catalog, after: Catalog): DefinitionChange[] {
  const isIn = ({ dynamic }: Catalog): boolean => dynamic.some((each) => each.list === list);
  if (isIn(before) === isIn(after)) return [];
  return [{ list, name: "*", change: isIn(after) ? "added" : "removed", members: [] }];
}
