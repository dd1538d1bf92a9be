import { isFreeImport } from "../../compose/index.ts";
import type { Grants } from "../../manifest/index.ts";
import type { Catalog, Inspection, PartInspection } from "../inspection.ts";
import { grantExcess } from "./diff-grants.ts";
import type { CapabilityChange } from "./difference.ts";

/** What the new one may do and the old one may not, and the other way round; read from the bytes where they tell. */
export function diffCapabilities(before: Inspection, after: Inspection): CapabilityChange[] {
  return [
    ...diffKind(before, after),
    ...diffAccess(before, after),
    ...diffChain(before, after),
    ...diffPolicy(before, after),
    ...diffScopes(before, after),
    ...diffHostImports(before, after),
    ...diffParts(before, after),
  ];
}

/**
 * The interfaces that a component imports and does not get unless it is granted them, without versions, sorted: what it asks
 * for, whatever its manifest says.
 */
export function importedCapabilities(part: PartInspection): string[] {
  return [...new Set(part.imports.map(({ interface: id }) => withoutVersion(id)))]
    .filter((name) => !isFreeImport(name))
    .sort();
}

/** Both directions of a comparison: what is there now and was not, and what was. */
function bothWays<Side>(
  before: Side,
  after: Side,
  excess: (of: Side, over: Side) => Omit<CapabilityChange, "change">[],
): CapabilityChange[] {
  return [
    ...excess(after, before).map((each): CapabilityChange => ({ change: "widened", ...each })),
    ...excess(before, after).map((each): CapabilityChange => ({ change: "narrowed", ...each })),
  ];
}

function diffKind(before: Inspection, after: Inspection): CapabilityChange[] {
  if (before.kind === after.kind) return [];
  return [{ change: "changed", kind: "kind", what: `${before.kind} became ${after.kind}` }];
}

function diffAccess({ access: was, cache: had }: Inspection, after: Inspection): CapabilityChange[] {
  const { access: is, cache: has } = after;
  const changes: CapabilityChange[] = [];
  if (was !== undefined && is !== undefined && was !== is) {
    const change = is === "public" ? "widened" : "narrowed";
    changes.push({ change, kind: "access", what: `${was} became ${is}` });
  }
  if (had !== undefined && has !== undefined && had.scope !== has.scope) {
    const change = has.scope === "public" ? "widened" : "narrowed";
    changes.push({ change, kind: "access", what: `results that are ${had.scope} became ${has.scope}` });
  }
  return changes;
}

/** What a request passes. New middleware sees every request, so that more of it is not narrower. */
function diffChain({ chain: was }: Inspection, { chain: is }: Inspection): CapabilityChange[] {
  if (was === undefined || is === undefined) return [];
  const kept = is.filter((as) => was.includes(as));
  const isMoved = was.filter((as) => is.includes(as)).some((as, i) => as !== kept[i]);
  return [
    ...was
      .filter((as) => !is.includes(as))
      .map((as): CapabilityChange => ({
        change: "widened",
        kind: "chain",
        what: `middleware ${as} removed`,
      })),
    ...is
      .filter((as) => !was.includes(as))
      .map((as): CapabilityChange => ({ change: "changed", kind: "chain", what: `middleware ${as} added` })),
    ...(isMoved
      ? [{ change: "changed" as const, kind: "chain" as const, what: `order, now ${is.join(" → ")}` }]
      : []),
  ];
}

function diffPolicy({ policyDigest: was }: Inspection, { policyDigest: is }: Inspection): CapabilityChange[] {
  if (was === undefined || is === undefined || was === is) return [];
  const what = "settings, roles, rules, grants, scopes, or the components of the chain";
  return [{ change: "changed", kind: "policy", what }];
}

/** Scopes that callers need of what both offer. */
function diffScopes(before: Inspection, after: Inspection): CapabilityChange[] {
  const [old, current] = [scopesOf(before.catalog), scopesOf(after.catalog)];
  return [...current].flatMap(([name, is]) => {
    const was = old.get(name);
    if (was === undefined) return [];
    const missing = was.filter((scope) => !is.includes(scope));
    const further = is.filter((scope) => !was.includes(scope));
    return [
      ...missing.map((scope): CapabilityChange => ({
        change: "widened",
        kind: "scopes",
        what: `${name} does not need ${scope} any more`,
      })),
      ...further.map((scope): CapabilityChange => ({
        change: "narrowed",
        kind: "scopes",
        what: `${name} needs ${scope}`,
      })),
    ];
  });
}

function scopesOf(catalog: Catalog | undefined): Map<string, readonly string[]> {
  if (catalog === undefined) return new Map();
  const { tools, resources, resourceTemplates, prompts } = catalog;
  return new Map([
    ...tools.map(({ definition, scopes = [] }) => [`tool ${definition.name}`, scopes] as const),
    ...resources.map(({ definition, scopes = [] }) => [`resource ${definition.uri}`, scopes] as const),
    ...resourceTemplates.map(
      ({ definition, scopes = [] }) => [`template ${definition.uriTemplate}`, scopes] as const,
    ),
    ...prompts.map(({ definition, scopes = [] }) => [`prompt ${definition.name}`, scopes] as const),
  ]);
}

/** What the adapter of a bundle asks of its host; what a core does is told of its parts. */
function diffHostImports(before: Inspection, after: Inspection): CapabilityChange[] {
  if (before.kind !== "bundle" || after.kind !== "bundle") return [];
  return bothWays(before.imports, after.imports, (of, over) => {
    const known = new Set(over.map(withoutVersion));
    return of
      .map(withoutVersion)
      .filter((name) => !known.has(name) && !isFreeImport(name))
      .map((name) => ({ kind: "import", what: `${name}, of the host` }));
  });
}

const NO_PART: PartInspection = { as: "", role: "component", capabilities: [], imports: [] };

function diffParts(before: Inspection, after: Inspection): CapabilityChange[] {
  if (before.chain === undefined || after.chain === undefined) {
    const [was, is] = [before.parts[0] ?? NO_PART, after.parts[0] ?? NO_PART];
    // A component is not composed, so that nothing of it is named but itself.
    return diffPart(was, is);
  }
  const names = new Set([...after.parts, ...before.parts].map(({ as }) => as));
  return [...names].flatMap((as) => {
    const [was, is] = [before, after].map(({ parts }) => parts.find((part) => part.as === as));
    return diffPart(was ?? NO_PART, is ?? NO_PART).map((change) => ({ part: as, ...change }));
  });
}

function diffPart(before: PartInspection, after: PartInspection): CapabilityChange[] {
  return [
    ...bothWays(grantsOf(before), grantsOf(after), grantExcess),
    ...bothWays(before, after, importExcess),
    ...(before === NO_PART || after === NO_PART ? [] : diffRole(before, after)),
  ];
}

/** What the gates before a part let through. */
function grantsOf({ imports }: PartInspection): Grants {
  const all = imports.flatMap(({ wires }) =>
    wires.flatMap((wire) => (wire.kind === "gate" && wire.grant !== undefined ? [wire.grant] : [])),
  );
  const secrets = all.flatMap((grant) => grant.secrets ?? []);
  return {
    http: all.flatMap(({ http = [] }) => http),
    kv: all.flatMap(({ kv = [] }) => kv),
    config: all.flatMap(({ config = [] }) => config),
    secrets,
  };
}

function importExcess(of: PartInspection, over: PartInspection): Omit<CapabilityChange, "change">[] {
  const known = new Set(reached(over));
  return [...new Set(reached(of))]
    .filter((what) => !known.has(what))
    .map((what) => ({ kind: what.endsWith(UNGATED) ? "unsafe" : "import", what }));
}

const UNGATED = ", without a gate";

/** What a part imports and leads to more than every part gets, but for what a known gate lets through. */
function reached({ imports }: PartInspection): string[] {
  return imports.flatMap(({ interface: id, wires }) =>
    wires.flatMap((wire): string[] => {
      const name = withoutVersion(id);
      switch (wire.kind) {
        case "open":
          return isFreeImport(name) ? [] : [name];
        case "host":
          return isFreeImport(name) || wire.functions.length === 0 ? [] : [`${name}${UNGATED}`];
        case "unknown":
          return [`${name}, and where it leads is unknown`];
        case "gate":
          return wire.grant === undefined ? [`${name}, through a gate that is unknown`] : [];
        case "part":
          return [`${name} of ${wire.part}`];
        default:
          return [];
      }
    }),
  );
}

/** What a middleware stands for, and what a part does with clients. */
function diffRole(before: PartInspection, after: PartInspection): CapabilityChange[] {
  return [
    ...bothWays(before, after, (of, over) =>
      of.asks && !over.asks ? [{ kind: "asks", what: "it asks the client while a call runs" }] : [],
    ),
    ...guardLost(before, after).map((what): CapabilityChange => ({
      change: "widened",
      kind: "guard",
      what: `it does not ${what} any more`,
    })),
    ...guardLost(after, before).map((what): CapabilityChange => ({
      change: "narrowed",
      kind: "guard",
      what: `it does ${what}`,
    })),
  ];
}

/** What the one guards and the other does not: middleware that acts on less keeps less away. */
function guardLost(of: PartInspection, over: PartInspection): string[] {
  const lost = of.authenticates && !over.authenticates ? ["authenticate callers"] : [];
  if (over.methods === undefined) return lost;
  const { methods: kept } = over;
  const missing = of.methods?.filter((method) => !kept.includes(method)) ?? ["every method"];
  return [...lost, ...missing.map((method) => `act on ${method}`)];
}

function withoutVersion(id: string): string {
  return id.replace(/@.*$/, "");
}
