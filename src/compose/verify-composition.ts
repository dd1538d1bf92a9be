import { ToolkitError } from "../errors/index.ts";
import { trackOf, type Interface, type Interfaces } from "./interface.ts";
import { importText, link, type Linkage, type LinkedPart } from "./link.ts";
import { wasmTools } from "./wasm-tools.ts";

/** A part whose export must have the shape of an interface. */
export interface Role {
  as: string;
  /** The name under which the part exports the interface. */
  role: string;
}

/**
 * Has wasm-tools decode and validate a result as a whole: the parts' function bodies, and that what each part exports
 * has the shape its neighbours import.
 *
 * @param roles Parts whose exports are checked one by one when the whole does not fit, so that the error names one.
 * @throws {@link ToolkitError} `ERR_COMPOSE_INTERFACE_MISMATCH` when it is not a valid component.
 */
export async function verifyComposition(
  bytes: Uint8Array,
  name: string,
  linkage?: Linkage,
  roles: readonly Role[] = [],
  known: Interfaces = new Map(),
): Promise<void> {
  const state = await invalidity(bytes);
  if (state === undefined) return;
  const misfit = linkage === undefined ? undefined : await findMisfit(linkage, roles, known);
  throw new ToolkitError(
    misfit === undefined
      ? `Cannot compose "${name}": the result is not a valid component`
      : `Cannot compose "${name}": "${misfit.as}" exports "${misfit.role}" in another shape than this version of tenon`,
    {
      code: "ERR_COMPOSE_INTERFACE_MISMATCH",
      details: [misfit?.state ?? state],
      hint: `Rebuild ${misfit === undefined ? "its parts" : `"${misfit.as}"`} with this version of tenon`,
    },
  );
}

/** What wasm-tools has against a component; nothing when it is valid. */
async function invalidity(bytes: Uint8Array): Promise<string | undefined> {
  const { componentWit } = await wasmTools();
  try {
    await componentWit(bytes);
    return undefined;
  } catch (error) {
    const lines = String(error).split("\n");
    // The offset is one of a file nobody has.
    return lines
      .slice(-2)
      .join(": ")
      .replace(/ \(at offset 0x[0-9a-f]+\)$/, "");
  }
}

/**
 * The part whose export does not fit. Behind each part a probe is linked that imports the export in the right shape
 * under a name of its own; the validator stops at the first that does not fit.
 */
async function findMisfit(
  linkage: Linkage,
  roles: readonly Role[],
  known: Interfaces,
): Promise<(Role & { state: string }) | undefined> {
  const { parse } = await wasmTools();
  const parts: LinkedPart[] = [];
  for (const part of linkage.parts) {
    parts.push(part);
    const index = roles.findIndex(({ as }) => as === part.id);
    if (index < 0) continue;
    const { role } = roles[index]!;
    parts.push({
      id: `probe of ${part.id}`,
      bytes: await parse(probeText(known, trackOf(role), `part${index}`)),
      imports: new Map([
        [TYPES, { from: "host", track: trackOf(TYPES) }],
        [`part${index}`, { from: "part", part: part.id, export: role }],
      ]),
    });
  }
  const { bytes } = await link({ ...linkage, parts });
  const found = /type mismatch for import `part(\d+)`: (.*)/.exec((await invalidity(bytes)) ?? "");
  return found === null ? undefined : { ...roles[Number(found[1])]!, state: found[2]! };
}

const TYPES = "tenon:mcp/types@0.1.0";

function probeText(known: Interfaces, track: string, name: string): string {
  const shape: Interface = { ...known.get(track)!, name };
  const types = importText(trackOf(TYPES), known.get(trackOf(TYPES))!, [shape]);
  return `(component ${[...types, ...importText(track, shape, [])].join("\n")})`;
}
