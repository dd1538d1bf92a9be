import { MANIFEST_TYPE, type Descriptor, type Repository } from "../oci/index.ts";
import { BUNDLE_TYPE, SIGN_PREDICATE } from "./bundle.ts";
import { findBundles, findTagged, readTagged, signatureTag } from "./find-signatures.ts";
import type { PublicKey } from "./public-key.ts";
import type { Signed } from "./sign.ts";
import { SIGNATURE_ANNOTATION, SIMPLE_SIGNING_TYPE } from "./simple-signing.ts";
import type { Expected } from "./verdict.ts";

const CONFIG_TYPE = "application/vnd.oci.image.config.v1+json";

/**
 * Puts signatures beside an artifact in its registry, in both layouts: as a referrer, which new versions of cosign look
 * at first, and under the tag `sha256-<hex>.sig`, which all versions know. Where the key has signed already, nothing is added. The tag keeps the signatures
 * that others put there; two who sign at the same moment may lose one of theirs, as with cosign.
 *
 * @throws {@link ToolkitError} `ERR_OCI_*` when the registry refuses
 */
export async function attachSignatures(
  subject: Descriptor,
  repository: Repository,
  signed: Signed,
  key: PublicKey,
): Promise<void> {
  const { registry, repository: path } = repository.reference;
  const expected: Expected = { digest: subject.digest, repository: `${registry}/${path}` };
  if (!(await isThere(findBundles, expected, repository, key))) {
    await repository.attach(subject, {
      artifactType: BUNDLE_TYPE,
      mediaType: BUNDLE_TYPE,
      bytes: signed.bundle,
      annotations: {
        "dev.sigstore.bundle.content": "dsse-envelope",
        "dev.sigstore.bundle.predicateType": SIGN_PREDICATE,
      },
    });
  }
  if (!(await isThere(findTagged, expected, repository, key))) {
    await addTagged(subject.digest, repository, signed);
  }
}

async function isThere(
  find: typeof findBundles,
  expected: Expected,
  repository: Repository,
  key: PublicKey,
): Promise<boolean> {
  for (const found of await find(expected, repository)) {
    if ("keyId" in (await found.judge([key]))) return true;
  }
  return false;
}

async function addTagged(digest: string, repository: Repository, signed: Signed): Promise<void> {
  const earlier = (await readTagged(digest, repository))?.layers ?? [];
  const layer = await repository.upload(signed.payload, SIMPLE_SIGNING_TYPE);
  const layers = [...earlier, { ...layer, annotations: { [SIGNATURE_ANNOTATION]: signed.signature } }];
  const config = await repository.upload(writeConfig(layers), CONFIG_TYPE);
  const manifest = { schemaVersion: 2, mediaType: MANIFEST_TYPE, config, layers };
  await repository.putManifest(Buffer.from(JSON.stringify(manifest)), MANIFEST_TYPE, signatureTag(digest));
}

/** What cosign reads when it adds a signature itself: an image's configuration with the digests of the layers. */
function writeConfig(layers: readonly Descriptor[]): Uint8Array {
  const created = "0001-01-01T00:00:00Z";
  return Buffer.from(
    JSON.stringify({
      architecture: "",
      created,
      history: layers.map(() => ({ created })),
      os: "",
      rootfs: { type: "layers", diff_ids: layers.map(({ digest }) => digest) },
      config: {},
    }),
  );
}
