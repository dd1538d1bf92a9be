import { canonicalJson, type CoreManifest, type Json } from "../manifest/index.ts";
import { readSections, SECTION } from "../wasm/index.ts";
import { codeOf } from "./code-of.ts";
import { readyMade, type ReadyMade } from "./fuse.ts";
import type { ClaimedLink } from "./fused.ts";
import type { WiredPart } from "./wiring.ts";

type Middleware = CoreManifest["middleware"][number];

/**
 * Holds components of several middleware against those that this version of tenon makes of the parts that the manifest names:
 * which they are and in which order is in their code, and nowhere else. One sentence for each difference.
 */
export async function fusedCodeMistakes(
  core: Uint8Array,
  claimed: readonly ClaimedLink[],
  held: readonly WiredPart[],
): Promise<string[]> {
  const fused = claimed.filter(({ parts }) => parts.length > 1);
  if (fused.length === 0) return [];
  const modules = readSections(core)
    .filter(({ id }) => id === SECTION.coreModule)
    .map(({ content }) => content);
  const mistakes: string[] = [];
  for (const { as, parts } of fused) {
    const known = await Promise.all(parts.map(({ name }) => readyMade(name)));
    const strange = parts.find((part, i) => !isSame(part, known[i]));
    if (strange !== undefined) {
      mistakes.push(
        `The manifest says that "${strange.as}" is fused, and it is not the "${strange.name}" that comes with this version of tenon`,
      );
      continue;
    }
    const { buildChain } = await import("../build/build-chain.ts");
    const expected = await buildChain(
      parts.map((part, i) => ({ as: part.as, manifest: known[i]!.manifest })),
    );
    const actual = held.find((part) => part.as === as)?.bytes;
    const isMade =
      expected !== undefined &&
      actual !== undefined &&
      Buffer.compare(codeOf(actual, modules), codeOf(expected)) === 0;
    if (!isMade) {
      mistakes.push(
        `The bytes of "${as}" are not what this version of tenon makes of ${parts.map(({ name }) => name).join(", ")} in this order`,
      );
    }
  }
  return mistakes;
}

/** True when all that the manifest says of a middleware, but for its settings and grants, is so. */
function isSame(part: Middleware, known: ReadyMade | undefined): boolean {
  if (known === undefined) return false;
  const { manifest, digest } = known;
  return isEqual(
    [part.version, part.digest, part.capabilities, part.toolchain, part.methods, part.authenticates],
    [
      manifest.version,
      digest,
      manifest.capabilities,
      manifest.toolchain,
      manifest.methods,
      manifest.authenticates,
    ],
  );
}

function isEqual(a: readonly unknown[], b: readonly unknown[]): boolean {
  return textOf(a) === textOf(b);
}

function textOf(values: readonly unknown[]): string {
  return canonicalJson(values.map((value) => value ?? null) as Json);
}
