import { createHash } from "node:crypto";
import { ToolkitError } from "../../../src/errors/index.ts";
import type { Descriptor, OciReference, Repository } from "../../../src/oci/index.ts";

export interface MemoryRepository extends Repository {
  /** Manifests and blobs by digest, and manifests by tag: for tests that change them behind the client's back. */
  readonly content: Map<string, { bytes: Uint8Array; mediaType: string }>;
  readonly referrersOf: Map<string, Descriptor[]>;
}

/** A repository without a registry. What is read is checked against its digest, as the client of registries does. */
export function memoryRepository(reference: OciReference): MemoryRepository {
  const content: MemoryRepository["content"] = new Map();
  const referrersOf: MemoryRepository["referrersOf"] = new Map();
  const keep = (bytes: Uint8Array, mediaType: string): Descriptor => {
    const digest = digestOf(bytes);
    content.set(digest, { bytes, mediaType });
    return { mediaType, digest, size: bytes.length };
  };
  const read = (name: string, size?: number): { descriptor: Descriptor; bytes: Uint8Array } => {
    const found = content.get(name);
    if (!found) throw new ToolkitError(`Cannot read ${name}: it is not there`, { code: "ERR_OCI_NOT_FOUND" });
    const { bytes, mediaType } = found;
    const digest = digestOf(bytes);
    if ((name.startsWith("sha256:") && name !== digest) || (size ?? bytes.length) !== bytes.length) {
      throw new ToolkitError(`Cannot read ${name}: it is something else`, { code: "ERR_OCI_CONTENT" });
    }
    return { descriptor: { mediaType, digest, size: bytes.length }, bytes };
  };
  return {
    reference,
    content,
    referrersOf,
    manifest: async (name) => read(name),
    blob: async ({ digest, size }) => read(digest, size).bytes,
    upload: async (bytes, mediaType) => keep(bytes, mediaType),
    putManifest: async (bytes, mediaType, tag) => {
      if (tag !== undefined) content.set(tag, { bytes, mediaType });
      return keep(bytes, mediaType);
    },
    referrers: async (subject, artifactType) =>
      (referrersOf.get(subject) ?? []).filter(
        (one) => artifactType === undefined || one.artifactType === artifactType,
      ),
    attach: async (subject, { artifactType, mediaType, bytes, annotations }) => {
      const layer = keep(bytes, mediaType);
      const manifest = { schemaVersion: 2, artifactType, layers: [layer], subject, annotations };
      const descriptor = keep(
        Buffer.from(JSON.stringify(manifest)),
        "application/vnd.oci.image.manifest.v1+json",
      );
      const others = referrersOf.get(subject.digest) ?? [];
      referrersOf.set(subject.digest, [...others, { ...descriptor, artifactType }]);
      return descriptor;
    },
  };
}

/** The digest of some bytes. */
export function digestOf(bytes: Uint8Array): string {
  return `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
}
