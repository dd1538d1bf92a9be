import { ToolkitError } from "../errors/index.ts";
import { readManifest } from "../manifest/index.ts";
import { readSections, SECTION } from "../wasm/index.ts";
import { hostImports, type HostImports } from "./allowed-imports.ts";
import { contract, RANDOM } from "./contract.ts";
import { decodeComponent, type DecodedComponent } from "./decode-component.ts";
import { trackOf, type Interfaces } from "./interface.ts";
import { link, type LinkedPart, type Source } from "./link.ts";
import { randomExport, randomPart } from "./random.ts";
import { resolveImports, STUB, stubOf } from "./resolve-imports.ts";
import { generateStub, stubImports } from "./stub.ts";
import { verifyComposition } from "./verify-composition.ts";

/** What to put around a core. */
export interface AdapterInput {
  /** A composed server. Its bytes stay as they are, inside the result. */
  core: Uint8Array;
  /** The component that turns the host's entry point into calls of the core. */
  adapter: Uint8Array;
  /** A component that the host calls in place of the adapter, and that hands on what it does not answer. Default none. */
  front?: Uint8Array | undefined;
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
const ADAPTER = "adapter";
const FRONT = "front";
const RANDOM_PART = "generated random";

/** A component of the result. */
interface Piece extends DecodedComponent {
  id: string;
  bytes: Uint8Array;
  /** Imports that are wired to another component, by name. */
  wired: Map<string, Source>;
  /** Imports that the host serves whatever they are, by name. */
  fromHost: Interfaces;
  /** Imports that get what every part gets, by name. */
  others: Interfaces;
}

/**
 * Puts a host adapter in front of a core.
 *
 * @throws {@link ToolkitError} `ERR_MANIFEST` when `core` is not a composed server, `ERR_COMPOSE_MISSING_INTERFACE` when
 * the adapter lacks an export, `ERR_COMPOSE_INTERFACE_MISMATCH` when the components do not fit each other.
 */
export async function attachAdapter(input: AdapterInput): Promise<Uint8Array> {
  const rename = input.rename ?? ((name: string): string => name);
  if (readManifest(input.core)?.kind !== "core") {
    throw new ToolkitError("Cannot attach an adapter: the component is no composed server", {
      code: "ERR_MANIFEST",
      hint: 'Compose one with "tenon compose"',
    });
  }
  const pieces: Piece[] = [];
  const offered = new Map<string, Source>();
  const components = [
    ...(input.services ?? []).map((bytes, i) => ({ id: `service ${i}`, bytes })),
    { id: CORE, bytes: input.core },
    { id: ADAPTER, bytes: input.adapter },
    ...(input.front === undefined ? [] : [{ id: FRONT, bytes: input.front }]),
  ];
  for (const { id, bytes } of components) {
    const piece = await readPiece(id, bytes, rename, offered);
    pieces.push(piece);
    for (const name of piece.exports.filter((each) => each.startsWith("tenon:"))) {
      offered.set(trackOf(name), { from: "part", part: id, export: name });
    }
  }
  const { parts, host } = await resolvePieces(pieces);
  const entry = pieces.at(-1)!;
  const { bytes } = await link({
    host,
    parts,
    exports: input.exports.map((name) => ({
      name,
      part: entry.id,
      export: exportNamed(entry, name, rename),
    })),
  });
  await verifyComposition(bytes, "adapter");
  return bytes;
}

/** Decodes a component and divides its imports. */
async function readPiece(
  id: string,
  bytes: Uint8Array,
  rename: (name: string) => string,
  offered: ReadonlyMap<string, Source>,
): Promise<Piece> {
  const decoded = await decodeComponent(bytes, rename);
  const piece: Piece = { ...decoded, id, bytes, wired: new Map(), fromHost: new Map(), others: new Map() };
  for (const [name, of] of decoded.imports) {
    const source = offered.get(trackOf(of.name));
    const random = randomExport(name);
    if (source !== undefined) piece.wired.set(name, source);
    // What the core imports of WASI was decided when it was composed.
    else if (
      rename(name) !== name ||
      !/^(wasi|tenon):/.test(name) ||
      (id === CORE && name.startsWith("wasi:"))
    ) {
      piece.fromHost.set(name, of);
    } else if (random !== undefined) {
      piece.wired.set(name, { from: "part", part: RANDOM_PART, export: random });
    } else piece.others.set(name, of);
  }
  return piece;
}

/** Finds a source for every import, and makes the components that some of them come from. */
async function resolvePieces(pieces: readonly Piece[]): Promise<{ parts: LinkedPart[]; host: Interfaces }> {
  const timers = pieces.some(({ others }) =>
    [...others.values()].some(
      (of) => trackOf(of.name) === "wasi:clocks/monotonic-clock@0.2" && of.entries.has("subscribe-instant"),
    ),
  );
  const { host, stub, sourceOf, isStubbed } = resolveImports(
    pieces.flatMap(({ id, fromHost, others }) => [
      { as: id, imports: fromHost, unsafe: true },
      { as: id, imports: others },
    ]),
    new Map(),
    wasiOnly(hostImports({ timers, credentials: false })),
  );
  const parts: LinkedPart[] = [];
  if (pieces.some(({ wired }) => [...wired.values()].some(isRandomPart))) {
    parts.push(await randomPart(RANDOM_PART));
    host.set(trackOf(RANDOM), (await contract()).get(trackOf(RANDOM))!);
  }
  for (const { id, bytes, wired, ...piece } of pieces) {
    const imports = new Map(wired);
    for (const [name] of [...piece.fromHost, ...piece.others]) imports.set(name, sourceOf(id, name));
    if (stub !== undefined && isStubbed(id)) {
      parts.push({
        id: stubOf(id),
        component: STUB,
        bytes: await generateStub(stub),
        imports: stubImports(stub),
      });
    }
    parts.push({ id, bytes, imports, verbatim: id === CORE });
  }
  return { parts, host };
}

/** A host outside this toolkit has none of the contract's interfaces. */
function wasiOnly(allowed: HostImports): HostImports {
  return {
    ...allowed,
    serves: (track, name) => track.startsWith("wasi:") && allowed.serves(track, name),
    servesTypes: () => false,
  };
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

function exportNamed(entry: Piece, name: string, rename: (name: string) => string): string {
  const found = entry.exports.find((each) => rename(each) === name);
  if (found !== undefined) return found;
  throw new ToolkitError(`Cannot attach the ${entry.id}: it does not export "${name}"`, {
    code: "ERR_COMPOSE_MISSING_INTERFACE",
    details: [`It exports ${entry.exports.join(", ")}`],
  });
}
