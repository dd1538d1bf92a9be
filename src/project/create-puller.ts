import {
  formatReference,
  parseReference,
  pullComponent,
  type Descriptor,
  type Repository,
  type RepositorySettings,
} from "../oci/index.ts";
import type { TrustPolicy } from "../signatures/index.ts";

/** How components come from registries. */
export interface PullerSettings extends RepositorySettings {
  /** Default: whoever it is. */
  trust?: Pick<TrustPolicy, "admit">;
  /** Default: `oci` in the cache folder of tenon. */
  cacheDir?: string;
  /** Ask no registry: take what is in the cache, by digest. Default false. */
  offline?: boolean;
}

/** A component that came from a registry, or from the cache of what did. */
export interface Pulled {
  /** With the digest of the manifest. */
  reference: string;
  bytes: Uint8Array;
  /** Digest of the manifest in the registry. */
  manifest: string;
  /** Digest of the bytes. */
  component: string;
  /** The key that signed it. Absent: no rule asked for one. */
  signer?: string;
}

/** Fetches components by reference. */
export interface Puller {
  /** @throws ToolkitError `ERR_OCI_*`, and what the rules of trust say */
  pull(reference: string): Promise<Pulled>;
}

/** Creates the one thing through which components come from registries. */
export function createPuller({ trust, ...settings }: PullerSettings = {}): Puller {
  return {
    async pull(text) {
      let signer: string | undefined;
      const admit = async (manifest: Descriptor, repository: Repository): Promise<void> => {
        signer = (await trust?.admit(manifest, repository))?.keyId;
      };
      const { reference, bytes, layer, manifest } = await pullComponent(parseReference(text), {
        ...settings,
        admit,
      });
      return {
        reference: formatReference(reference),
        bytes,
        manifest: manifest.digest,
        component: layer.digest,
        ...(signer !== undefined && { signer }),
      };
    },
  };
}
