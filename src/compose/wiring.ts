import type { Grants } from "../manifest/index.ts";
import { readComponentGraph, type Definition } from "../wasm/index.ts";
import { generateAudit } from "./audit.ts";
import { CONFIG, HANDLER, LOG, RANDOM, SECRETS } from "./contract.ts";
import { generateCrypto } from "./crypto/generate-crypto.ts";
import { decodeComponent } from "./decode-component.ts";
import { partsOfName } from "./fused.ts";
import { readGate } from "./gate.ts";
import { functionsOf, trackOf, type Interface } from "./interface.ts";
import { generateLogSource } from "./log-source.ts";
import { randomPart } from "./random.ts";
import { STUB } from "./resolve-imports.ts";
import { isSameCode } from "./same-code.ts";
import {
  AUDIT_PART,
  CATALOG_PART,
  CRYPTO_PART,
  gateOf,
  logOf,
  RANDOM_PART,
  ROUTER,
  settingsOf,
  switchOf,
} from "./wire-parts.ts";

/**
 * What answers a function that a part imports.
 *
 * - `host`: the host, directly.
 * - `gate`: a generated component that passes on what a grant covers. `grant` is what it lets through; absent when its
 *   code is not what this version of tenon generates for the grant it claims, so that nothing is known about it.
 * - `stub`: a generated component that denies, and can reach no function of the host.
 * - `settings`: a constant, the part's own settings.
 * - `catalog`: constants about the whole server.
 * - `audit`: a generated component that carries facts from one middleware to another.
 * - `crypto`: a generated component that computes digests and verifies signatures.
 * - `log`: a generated component that signs log lines with the part's name.
 * - `random`: a generated component that answers `insecure` random numbers from the host's `wasi:random/random`.
 * - `next`: the next link of the chain. `part`: another part.
 * - `unknown`: none of these, or something that claims to be one and is not.
 */
export type Wire =
  | { kind: "audit" | "catalog" | "crypto" | "host" | "log" | "random" | "settings" | "stub" | "unknown" }
  | { kind: "gate"; grant?: Grants }
  /** Its name: that of a part, or `router`. */
  | { kind: "next" | "part"; part: string };

/** One interface that a part imports. */
export interface WiredImport {
  /** As the part imports it, such as `tenon:host/http@0.1.0`. */
  interface: string;
  /** Functions by what answers them: one entry unless they are split. For an interface of types alone, no functions. */
  wires: { wire: Wire; functions: string[] }[];
}

/** One component of a core. */
export interface WiredPart {
  /** Its name in the composition; `router` for the generated one. */
  as: string;
  kind: "part" | "router";
  /** By interface, in ascending order. */
  imports: WiredImport[];
  /** The component inside the core: a view, without the core modules that it shares with others. */
  bytes: Uint8Array;
}

/** How the parts of a core are connected. */
export interface Wiring {
  /** From the outside in: the chain, the router, then the providers in their order. */
  parts: WiredPart[];
  /** What the core itself asks of its host: functions by interface, in ascending order. */
  host: { interface: string; functions: string[] }[];
}

/**
 * Reads from the bytes of a core how its parts are connected. The manifest is not looked at. Names are those that the core
 * carries for its parts, and prove nothing; what a component can reach is read from what it imports and is given.
 *
 * @throws {@link ToolkitError} `ERR_WASM_DECODE` when the bytes are not a component that is put together from others.
 */
export async function readWiring(core: Uint8Array): Promise<Wiring> {
  const graph = readComponentGraph(core);
  const { imports } = await decodeComponent(core);
  const components: Inside[] = [];
  for (const [i, bytes] of graph.components.entries()) {
    const name = graph.names.get(i) ?? `component-${i}`;
    components.push({ name, bytes, imports: (await decodeComponent(bytes)).imports });
  }
  const parts: WiredPart[] = [];
  for (const instance of graph.instantiated) {
    const { name, bytes } = components[instance.component]!;
    // Generated components stand between parts, and show as what they are on the wires; the router is one of the parts.
    if (name.includes(" ") && name !== ROUTER) continue;
    const wired = await readPart(components, instance);
    parts.push({
      as: partName(name),
      kind: name === ROUTER ? "router" : "part",
      imports: wired,
      bytes,
    });
  }
  // Instances are made from the inside out: providers, the router, then the chain from its end.
  const router = parts.findIndex(({ kind }) => kind === "router");
  return {
    parts: [...parts.slice(router).toReversed(), ...parts.slice(0, Math.max(0, router))],
    host: [...imports.values()]
      .map((of) => ({ interface: of.name, functions: functionsOf(of).sort() }))
      .sort(byInterface),
  };
}

/** A component of a core. */
interface Inside {
  name: string;
  bytes: Uint8Array;
  imports: Map<string, Interface>;
}

type Instance = Definition & { from: "instantiate" };

function partName(name: string): string {
  return name === ROUTER ? "router" : name;
}

function byInterface(a: { interface: string }, b: { interface: string }): number {
  return a.interface < b.interface ? -1 : 1;
}

async function readPart(components: readonly Inside[], instance: Instance): Promise<WiredImport[]> {
  const part = components[instance.component]!;
  const read: WiredImport[] = [];
  for (const [name, of] of part.imports) {
    const given = instance.given.get(name);
    const wires = new Map<string, { wire: Wire; functions: string[] }>();
    const functions = functionsOf(of);
    for (const each of functions.length === 0 ? [undefined] : functions) {
      const wire = await wireOf(components, part.name, name, given, each);
      const key = JSON.stringify(wire);
      const known = wires.get(key) ?? { wire, functions: [] };
      wires.set(key, known);
      if (each !== undefined) known.functions.push(each);
    }
    read.push({ interface: name, wires: [...wires.values()] });
  }
  return read.sort(byInterface);
}

/** What answers one function of an import, or provides its types. */
async function wireOf(
  components: readonly Inside[],
  as: string,
  name: string,
  given: Definition | undefined,
  called: string | undefined,
): Promise<Wire> {
  const source = sourceOf(given, called);
  if (source?.from === "import") return { kind: trackOf(source.name) === trackOf(name) ? "host" : "unknown" };
  if (source?.from !== "instantiate") return { kind: "unknown" };
  const component = components[source.component]!;
  const { bytes } = component;
  const reach = reachOf(components, as, component, source);
  const isSealed = reach.size === 0;
  // What reaches the log alone can tell of a call, and give nothing.
  const isStub = isSealed || isOnly(reach, LOG);
  switch (component.name) {
    case STUB:
      return { kind: isStub ? "stub" : "unknown" };
    case CATALOG_PART:
      return { kind: isSealed ? "catalog" : "unknown" };
    case AUDIT_PART:
      return { kind: isSealed && isSameCode(bytes, await generateAudit()) ? "audit" : "unknown" };
    case CRYPTO_PART:
      return { kind: isSealed && isSameCode(bytes, await generateCrypto()) ? "crypto" : "unknown" };
    case RANDOM_PART: {
      const isMade = isOnly(reach, RANDOM) && isSameCode(bytes, (await randomPart(RANDOM_PART)).bytes);
      return { kind: isMade ? "random" : "unknown" };
    }
    case logOf(as):
      return {
        kind:
          isOnly(reach, LOG) && isSameCode(bytes, await generateLogSource(partsOfName(as)))
            ? "log"
            : "unknown",
      };
    case settingsOf(as): {
      if (isStub) return { kind: called === "get" ? "stub" : "settings" };
      const gate = await gateWire(component, reach, CONFIG);
      return gate.kind === "gate" && called !== "get" ? { kind: "settings" } : gate;
    }
    case gateOf(as, name):
      return gateWire(component, reach, name);
    default:
      return neighbour(component.name, name);
  }
}

/** The link of the chain, or the part, that a component is. */
function neighbour(name: string, imported: string): Wire {
  const kind = trackOf(imported) === trackOf(HANDLER) ? "next" : "part";
  const switched = switchOf("");
  if (name.startsWith(switched)) return { kind, part: name.slice(switched.length) };
  if (name.includes(" ") && name !== ROUTER) return { kind: "unknown" };
  return { kind, part: partName(name) };
}

/** A gate lets through what its grant says only if its code is that of a gate; else it is one by its imports alone. */
async function gateWire(component: Inside, reach: ReadonlySet<string>, id: string): Promise<Wire> {
  if ([...reach].some((track) => ![id, SECRETS, LOG].map(trackOf).includes(track)))
    return { kind: "unknown" };
  const request = await readGate(component.bytes);
  return request === undefined || trackOf(request.interface) !== trackOf(id)
    ? { kind: "gate" }
    : { kind: "gate", grant: request.grants };
}

/** The instance or import that a function, or a type, of an instance comes from. */
function sourceOf(definition: Definition | undefined, called: string | undefined): Definition | undefined {
  switch (definition?.from) {
    case "alias":
      return definition.of;
    case "exports": {
      const member =
        called === undefined
          ? [...definition.members.values()].find(({ from }) => from === "alias")
          : definition.members.get(called);
      // An alias of a function is of the instance that has it, which may be an alias itself.
      if (member?.from !== "alias") return undefined;
      return member.of.from === "alias" ? member.of.of : member.of;
    }
    default:
      return definition;
  }
}

/**
 * Tracks of which an instance has functions; `unknown` for what does not come from the host as it is. The log of the part
 * it was made for counts as the host's.
 */
function reachOf(
  components: readonly Inside[],
  as: string,
  { imports }: Inside,
  { given }: Instance,
): Set<string> {
  const withFunctions = [...imports].filter(([, of]) => functionsOf(of).length > 0);
  return new Set(
    withFunctions.map(([name]) => {
      const argument = given.get(name);
      const source = argument?.from === "alias" ? argument.of : argument;
      if (source?.from === "import") return trackOf(source.name);
      if (source?.from !== "instantiate") return "unknown";
      const component = components[source.component]!;
      const isLog = component.name === logOf(as) && isOnly(reachOf(components, as, component, source), LOG);
      return isLog && trackOf(name) === trackOf(LOG) ? trackOf(LOG) : "unknown";
    }),
  );
}

function isOnly(reach: ReadonlySet<string>, id: string): boolean {
  return reach.size === 1 && reach.has(trackOf(id));
}
