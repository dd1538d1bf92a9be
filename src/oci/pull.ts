import { ToolkitError } from "../errors/index.ts";
import { openBlobCache, type BlobCache } from "./blob-cache.ts";
import { CachedRepository } from "./cached-repository.ts";
import { readImageManifest, type Descriptor, type ImageManifest } from "./manifest.ts";
import { formatReference, type OciReference } from "./reference.ts";
import { explaining } from "./registry-failure.ts";
import { openRepository, type Repository, type RepositorySettings } from "./repository.ts";
import { checkComponentArtifact } from "./wasm-artifact.ts";

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
  /** False when the cache could not keep it: its disk is full or read-only. */
  kept: boolean;
}

/** How to pull. */
export interface PullOptions extends RepositorySettings {
  /** Default: `oci` in the cache folder of tenon. */
  cacheDir?: string;
  /** Take what is in the cache, by digest, and ask no registry. Default false. */
  offline?: boolean;
  /**
   * Called with the manifest before the layer is fetched and before either is kept. Throws to refuse. What it fetches of the repository
   * by digest is kept, and found again offline.
   */
  admit?: (manifest: Descriptor, repository: Repository) => Promise<unknown>;
}

/** What a reference without tag and digest means. */
export const DEFAULT_TAG = "latest";

/**
 * Fetches a component: manifest, then the one layer. Everything is checked against its digest before anyone sees it, also what
 * comes from the cache. A reference without tag and digest means the tag `latest`.
 *
 * @throws ToolkitError `ERR_OCI_NOT_FOUND`, `ERR_OCI_AUTH`, `ERR_OCI_REFUSED`, `ERR_OCI_CONTENT` when it is no single component or not what its digests say,
 * `ERR_OCI_NETWORK`, `ERR_FILE` when others may write to the cache.
 */
export async function pullComponent(
  reference: OciReference,
  options: PullOptions = {},
): Promise<PulledComponent> {
  const { offline = false, admit } = options;
  const cache = await openBlobCache(options.cacheDir);
  const remote = openRepository(reference, options);
  const repository = new CachedRepository(remote, cache, offline);
  const tag = reference.tag ?? DEFAULT_TAG;
  if (offline && reference.digest === undefined) throw await offlineByTag({ ...reference, tag }, cache);

  const wasKept = reference.digest !== undefined && (await cache.read(reference.digest)) !== undefined;
  const found =
    wasKept || offline
      ? await repository.manifest(reference.digest!)
      : await remote.manifest(reference.digest ?? tag);
  const manifest = found.descriptor;
  const { layers, annotations } = await explaining(
    `pull "${formatReference({ ...reference, digest: manifest.digest })}"`,
    async () => readComponentManifest(found.bytes),
  );
  const layer = layers[0]!;
  await admit?.(manifest, repository);

  const cached = await cache.read(layer.digest);
  const fromCache = cached?.length === layer.size;
  const bytes = fromCache ? cached : await (offline ? repository : remote).blob(layer);
  const kept =
    (fromCache || (await cache.write(layer.digest, bytes))) &&
    (wasKept || (await cache.write(manifest.digest, found.bytes)));
  if (reference.digest === undefined) {
    await cache.note(tagKey({ ...reference, tag }), {
      digest: manifest.digest,
      seenAt: new Date().toISOString(),
    });
  }
  return {
    reference: { ...reference, digest: manifest.digest },
    bytes,
    layer,
    manifest,
    annotations,
    fromCache,
    kept,
  };
}

function readComponentManifest(bytes: Uint8Array): ImageManifest {
  const content = readImageManifest(bytes);
  checkComponentArtifact(content);
  return content;
}

function tagKey(reference: OciReference): string {
  return `tag ${formatReference(reference)}`;
}

/** Tags move, so none stands for content; what one was last is for the person to judge. */
async function offlineByTag(reference: OciReference, cache: BlobCache): Promise<ToolkitError> {
  const noted = (await cache.recall(tagKey(reference))) as { digest?: string; seenAt?: string } | undefined;
  return new ToolkitError(
    `Cannot pull "${formatReference(reference)}" offline: only a digest says what to take from the cache`,
    {
      code: "ERR_OCI_REFERENCE",
      hint:
        noted?.digest === undefined
          ? "Pull it once without --offline, and name the digest that is printed"
          : `On ${noted.seenAt ?? "the last pull"} it was "${formatReference({ ...reference, digest: noted.digest })}"`,
    },
  );
}
