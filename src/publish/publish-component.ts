import { ToolkitError } from "../errors/index.ts";
import { inspect } from "../inspect/index.ts";
import { canonicalJson, readManifest, type Json, type Manifest } from "../manifest/index.ts";
import {
  digestOf,
  pushComponent,
  type Descriptor,
  type OciReference,
  type Referrer,
  type Repository,
  type RepositorySettings,
} from "../oci/index.ts";
import { annotationsOf, type PackageFacts } from "./annotations.ts";
import { writePolicy } from "./policy.ts";
import { writeSbom } from "./sbom.ts";

/** How to publish. */
export interface PublishOptions extends RepositorySettings {
  /** What to call the component in errors, and where it has no name of its own. */
  name: string;
  /** What the package of the component says of it. */
  packageFacts?: PackageFacts;
  /** Further annotations; they go before those of the manifest and the package. */
  annotations?: Readonly<Record<string, string>>;
  /** Repository of the same registry that may have the component already. */
  mountFrom?: string;
  /** When it was made. Default: not said, so that the same component gives the same digest. */
  created?: Date;
  /** Done when everything is stored and attached, before the tag means it: the place to sign. Throws to leave the tag as it is. */
  beforeTag?: (manifest: Descriptor, repository: Repository) => Promise<unknown>;
}

/** What was published. */
export interface PublishedComponent {
  /** With the digest of the manifest. */
  reference: OciReference;
  manifest: Descriptor;
  /** `sha256:` and 64 hex digits, of the component itself. */
  component: string;
  annotations: Record<string, string>;
  /** What was attached. */
  attached: Descriptor[];
}

/** Artifact types of what is attached. */
const MANIFEST_ARTIFACT = "application/vnd.tenon.manifest.v1+json";
const POLICY_ARTIFACT = "application/vnd.tenon.policy.v1+json";
const SBOM_ARTIFACT = "application/vnd.cyclonedx+json";

/**
 * Publishes a component or a composed server, and attaches its manifest, its SBOM and, of a server, its policy. The tag is set last: it
 * never means something that is not all there.
 *
 * @throws ToolkitError `ERR_OCI_*`; `ERR_WASM_DECODE` when the bytes are no component; `ERR_MANIFEST` when they contradict their manifest.
 */
export async function publishComponent(
  bytes: Uint8Array,
  reference: OciReference,
  options: PublishOptions,
): Promise<PublishedComponent> {
  const { imports, exports, contradictions } = await inspect(bytes, { name: options.name });
  if (contradictions.length > 0) {
    throw new ToolkitError(`Cannot push "${options.name}": its manifest and its bytes disagree`, {
      code: "ERR_MANIFEST",
      details: contradictions,
      hint: "Build or compose it again from what you trust",
    });
  }
  const manifest = readManifest(bytes);
  const annotations = { ...annotationsOf(manifest, options.packageFacts), ...options.annotations };
  const attached: Descriptor[] = [];
  const beforeTag = async (subject: Descriptor, repository: Repository): Promise<void> => {
    for (const referrer of attachments(bytes, manifest, options.name)) {
      // One after the other: a registry without a list of referrers keeps them in one tag.
      attached.push(await repository.attach(subject, referrer));
    }
    await options.beforeTag?.(subject, repository);
  };
  const stored = await pushComponent(bytes, reference, {
    ...options,
    annotations,
    imports,
    exports,
    beforeTag,
  });
  return {
    reference: { ...reference, digest: stored.digest },
    manifest: stored,
    component: digestOf(bytes),
    annotations,
    attached,
  };
}

function attachments(bytes: Uint8Array, manifest: Manifest | undefined, name: string): Referrer[] {
  const sbom = jsonReferrer(SBOM_ARTIFACT, writeSbom({ manifest, name, digest: digestOf(bytes) }));
  if (manifest === undefined) return [sbom];
  const text = new TextEncoder().encode(canonicalJson(manifest as unknown as Json));
  return [
    jsonReferrer(MANIFEST_ARTIFACT, text),
    sbom,
    ...(manifest.kind === "core" ? [jsonReferrer(POLICY_ARTIFACT, writePolicy(manifest))] : []),
  ];
}

function jsonReferrer(artifactType: string, bytes: Uint8Array): Referrer {
  return { artifactType, mediaType: artifactType, bytes };
}
