import { MANIFEST_TYPE, type Descriptor } from "./manifest.ts";
import type { OciReference } from "./reference.ts";
import { openRepository, type Repository, type RepositorySettings } from "./repository.ts";
import {
  CONFIG_TYPE,
  LAYER_TYPE,
  writeComponentManifest,
  writeConfig,
  type ComponentDescription,
} from "./wasm-artifact.ts";

/** How to push. */
export interface PushOptions extends RepositorySettings, ComponentDescription {
  /** Of the manifest. Default: none. */
  annotations?: Record<string, string>;
  /** Repository of the same registry that may have the component already. */
  mountFrom?: string;
  /** Done when all is stored, before the tag means it: the place to attach and sign. Throws to leave the tag as it is. */
  beforeTag?: (manifest: Descriptor, repository: Repository) => Promise<unknown>;
}

/**
 * Stores a component under the tag of a reference, or without one by its digest alone. The same bytes, annotations and time give the
 * same manifest.
 *
 * @returns the descriptor of the manifest
 * @throws ToolkitError `ERR_OCI_*`
 */
export async function pushComponent(
  bytes: Uint8Array,
  reference: OciReference,
  options: PushOptions,
): Promise<Descriptor> {
  const repository = openRepository(reference, options);
  const title = options.annotations?.["org.opencontainers.image.title"];
  const layer = await repository.upload(bytes, LAYER_TYPE, options.mountFrom);
  const config = await repository.upload(writeConfig(layer.digest, options), CONFIG_TYPE);
  const named =
    title === undefined
      ? layer
      : { ...layer, annotations: { "org.opencontainers.image.title": `${title}.wasm` } };
  const manifest = writeComponentManifest(config, named, options.annotations ?? {});
  const { tag } = reference;
  if (options.beforeTag === undefined) return repository.putManifest(manifest, MANIFEST_TYPE, tag);
  const stored = await repository.putManifest(manifest, MANIFEST_TYPE);
  await options.beforeTag(stored, repository);
  if (tag !== undefined) await repository.putManifest(manifest, MANIFEST_TYPE, tag);
  return stored;
}
