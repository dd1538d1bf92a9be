import { ToolkitError } from "../errors/index.ts";
import { readManifest } from "../manifest/index.ts";
import { readSections, SECTION } from "../wasm/index.ts";
import { EVERYTHING, hostImports } from "./allowed-imports.ts";
import { contract, RANDOM } from "./contract.ts";
import { decodeComponent, type DecodedComponent } from "./decode-component.ts";
import { conflictBetween, trackOf, type Interface, type Interfaces } from "./interface.ts";
import { link, type LinkedPart, type Source } from "./link.ts";
import { randomExport, randomPart } from "./random.ts";
import { resolveImports, STUB } from "./resolve-imports.ts";
import { generateStub, stubImports } from "./stub.ts";
import { verifyComposition } from "./verify-composition.ts";

/** What to put around a core. */
export interface AdapterInput {
  /** A composed server. Its bytes stay as they are, inside the result. */
  core: Uint8Array;
  /** The component that turns the host's entry point into calls of the core. */
  adapter: Uint8Array;
  /** Components that offer `tenon:` interfaces to the core and the adapter, each also to those after it. Default none. */
  services?: readonly Uint8Array[];
  /**
   * The name a host knows an interface by, for components that were built against a copy of it. Interfaces it renames
   * and those outside `wasi:` and `tenon:` are the host's; of the rest the adapter gets what every part gets. Default:
   * names stay.
   */
  rename?: (name: string) => string;
  /** Names of the interfaces to export, as the host knows them. */
  exports: readonly string[];
}

const CORE = "core";
const RANDOM_PART = "generated random";

interface Piece extends DecodedComponent {
  id: string;
  bytes: Uint8Array;
}

/**
 * Puts a host adapter in front of a core.
 *
 * @throws {@link ToolkitError} `ERR_MANIFEST` when `core` is not a composed server, `ERR_COMPOSE_MISSING_INTERFACE` when
 * the adapter lacks an export, `ERR_COMPOSE_INTERFACE_MISMATCH` when the pieces do not fit each other.
 */
export async function attachAdapter(input: AdapterInput): Promise<Uint8Array> {
  const rename = input.rename ?? ((name: string): string => name);
  if (readManifest(input.core)?.kind !== "core") {
    throw new ToolkitError("Cannot attach an adapter: the component is no composed server", {
      code: "ERR_MANIFEST",
      hint: 'Compose one with "tenon compose"',
    });
  }
  const piece = async (id: string, bytes: Uint8Array): Promise<Piece> => ({
    id,
    bytes,
    ...(await decodeComponent(bytes, rename)),
  });
  const services = await Promise.all((input.services ?? []).map((bytes, i) => piece(`service ${i}`, bytes)));
  const core = await piece(CORE, input.core);
  const adapter = await piece("adapter", input.adapter);
  const pieces = [...services, core, adapter];

  const isHosts = (each: Piece, name: string): boolean =>
    rename(name) !== name || !/^(wasi|tenon):/.test(name) || (each.id === CORE && name.startsWith("wasi:"));
  const sources = new Map<Piece, Map<string, Source>>();
  const offered = new Map<string, Source>();
  for (const each of pieces) {
    const wired = [...each.imports].flatMap(([name, of]): [string, Source][] => {
      const random = isHosts(each, name) ? undefined : randomExport(name);
      const source: Source | undefined =
        random === undefined
          ? offered.get(trackOf(of.name))
          : { from: "part", part: RANDOM_PART, export: random };
      return source === undefined ? [] : [[name, source]];
    });
    sources.set(each, new Map(wired));
    for (const name of each.exports) {
      if (name.startsWith("tenon:"))
        offered.set(trackOf(name), { from: "part", part: each.id, export: name });
    }
  }

  const unwired = (each: Piece, hosts: boolean): { as: string; imports: Interfaces } => ({
    as: each.id,
    imports: new Map(
      [...each.imports].filter(([name]) => !sources.get(each)!.has(name) && isHosts(each, name) === hosts),
    ),
  });
  const timers = [...adapter.imports.values()].some(
    (of) => trackOf(of.name) === "wasi:clocks/monotonic-clock@0.2" && of.entries.has("subscribe-instant"),
  );
  const fromHost = resolveImports(
    pieces.map((each) => unwired(each, true)),
    new Map(),
    EVERYTHING,
  );
  const others = resolveImports(
    pieces.map((each) => unwired(each, false)),
    new Map(),
    {
      ...hostImports({ timers, credentials: false }),
      serves: (track, name) =>
        track.startsWith("wasi:") && hostImports({ timers, credentials: false }).serves(track, name),
      servesTypes: () => false,
    },
  );

  const parts: LinkedPart[] = [];
  if (others.stub !== undefined) {
    parts.push({ id: STUB, bytes: await generateStub(others.stub), imports: stubImports(others.stub) });
  }
  const host = mergeHosts(fromHost.host, others.host);
  if ([...sources.values()].some((wired) => [...wired.values()].some(isRandomPart))) {
    parts.push(await randomPart(RANDOM_PART));
    host.set(trackOf(RANDOM), (await contract()).get(trackOf(RANDOM))!);
  }
  for (const each of pieces) {
    const resolved = [...each.imports].map(([name, of]): [string, Source] => [
      name,
      sources.get(each)!.get(name) ?? (isHosts(each, name) ? fromHost : others).sourceOf(of.name),
    ]);
    parts.push({ id: each.id, bytes: each.bytes, imports: new Map(resolved), verbatim: each.id === CORE });
  }
  const { bytes } = await link({
    host,
    parts,
    exports: input.exports.map((name) => ({
      name,
      part: adapter.id,
      export: exportNamed(adapter, name, rename),
    })),
  });
  await verifyComposition(bytes, "adapter");
  return bytes;
}

/** The bytes of the core inside the result of {@link attachAdapter}; nothing when there is none. */
export function coreOf(bundle: Uint8Array): Uint8Array | undefined {
  return readSections(bundle)
    .filter(({ id }) => id === SECTION.component)
    .map(({ content }) => content)
    .find((component) => readManifest(component)?.kind === "core");
}

function isRandomPart(source: Source): boolean {
  return source.from === "part" && source.part === RANDOM_PART;
}

function exportNamed(adapter: Piece, name: string, rename: (name: string) => string): string {
  const found = adapter.exports.find((each) => rename(each) === name);
  if (found !== undefined) return found;
  throw new ToolkitError(`Cannot attach the adapter: it does not export "${name}"`, {
    code: "ERR_COMPOSE_MISSING_INTERFACE",
    details: [`It exports ${adapter.exports.join(", ")}`],
  });
}

function mergeHosts(a: Interfaces, b: Interfaces): Interfaces {
  const merged: Interfaces = new Map(a);
  for (const [track, of] of b) {
    const other: Interface | undefined = merged.get(track);
    const conflict = other === undefined ? undefined : conflictBetween(of, other);
    if (conflict !== undefined) {
      throw new ToolkitError(
        `Cannot attach the adapter: "${conflict}" of "${track}" is imported in two shapes`,
        {
          code: "ERR_COMPOSE_INTERFACE_MISMATCH",
        },
      );
    }
    merged.set(track, {
      name: other?.name ?? of.name,
      entries: new Map([...(other?.entries ?? []), ...of.entries]),
    });
  }
  return merged;
}
