import { ToolkitError } from "../errors/index.ts";
import { openBlobCache } from "./blob-cache.ts";
import { readImageManifest, type Descriptor } from "./manifest.ts";
import { formatReference, type OciReference } from "./reference.ts";
import { explaining } from "./registry-failure.ts";
import { openRepository, type Repository, type RepositorySettings } from "./repository.ts";
import { componentLayer } from "./wasm-artifact.ts";

/** A component as it came from a registry or the cache. */
export interface PulledComponent {
  /** With the digest of the manifest. */
  reference: OciReference;
  bytes: Uint8Array;
  layer: Descriptor;
  manifest: Descriptor;
  /** Of the manifest. */
  annotations: Record<string, string>;
  /** True when the bytes were there already. */
  fromCache: boolean;
}

/** How to pull. */
export interface PullOptions extends RepositorySettings {
  /** Default: `oci` in the cache folder of tenon. */
  cacheDir?: string;
  /** Take what is in the cache, by digest, and ask no registry. Default false. */
  offline?: boolean;
  /** Called with the manifest before the layer is fetched and before anything is kept under its name. Throws to refuse. */
  admit?: (manifest: Descriptor, repository: Repository) => Promise<void>;
}

/**
 * Fetches a component: manifest, then the one layer. Everything is checked against its digest before anyone sees it, also what comes from
 * the cache.
 *
 * @throws {@link ToolkitError} `ERR_OCI_*`
 */
export async function pullComponent(
  reference: OciReference,
  options: PullOptions = {},
): Promise<PulledComponent> {
  const cache = await openBlobCache(options.cacheDir);
  const repository = openRepository(reference, options);
  const wanted = reference.digest ?? reference.tag ?? "latest";
  const action = `pull "${formatReference(reference)}"`;
  const cached = reference.digest === undefined ? undefined : await cache.read(reference.digest);
  if (cached === undefined && options.offline === true) throw notCached(reference);
  const { descriptor, bytes: text } =
    cached === undefined
      ? await repository.manifest(wanted)
      : {
          bytes: cached,
          descriptor: { mediaType: "", digest: reference.digest!, size: cached.length },
        };
  const { manifest, layer, annotations } = await explaining(action, async () => {
    const content = readImageManifest(text);
    return { ...componentLayer(content, descriptor), annotations: content.annotations };
  });
  await options.admit?.(manifest, repository);
  const kept = await cache.read(layer.digest);
  if (kept === undefined && options.offline === true) throw notCached(reference);
  const bytes = kept ?? (await repository.blob(layer));
  if (kept === undefined) await cache.write(layer.digest, bytes);
  if (cached === undefined) await cache.write(manifest.digest, text);
  return {
    reference: { ...reference, digest: manifest.digest },
    bytes,
    layer,
    manifest,
    annotations,
    fromCache: kept !== undefined,
  };
}

function notCached(reference: OciReference): ToolkitError {
  return new ToolkitError(
    `Cannot pull "${formatReference(reference)}" offline: ${reference.digest === undefined ? "only a digest says what to take from the cache" : "it is not in the cache"}`,
    { code: "ERR_OCI_NOT_FOUND", hint: "Pull it once without --offline" },
  );
}
