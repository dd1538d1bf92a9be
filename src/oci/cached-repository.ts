import { ToolkitError } from "../errors/index.ts";
import type { BlobCache } from "./blob-cache.ts";
import { digestOf } from "./digest.ts";
import { documentType, MANIFEST_TYPE, type Descriptor } from "./manifest.ts";
import { formatReference, isDigest, type OciReference } from "./reference.ts";
import type { Referrer, Repository } from "./repository.ts";

/**
 * A repository that keeps what it fetched by digest, what tags meant, and the lists of what is attached. Tags and lists are asked for each time, but
 * offline: then they are the last ones, and everything else comes from the cache.
 */
export class CachedRepository implements Repository {
  readonly #repository: Repository;
  readonly #cache: BlobCache;
  readonly #offline: boolean;

  constructor(repository: Repository, cache: BlobCache, offline: boolean) {
    this.#repository = repository;
    this.#cache = cache;
    this.#offline = offline;
  }

  get reference(): OciReference {
    return this.#repository.reference;
  }

  async manifest(tagOrDigest: string): Promise<{ descriptor: Descriptor; bytes: Uint8Array }> {
    const { registry, repository } = this.reference;
    const key = `manifest ${formatReference({ registry, repository, tag: tagOrDigest })}`;
    const digest = isDigest(tagOrDigest) || !this.#offline ? tagOrDigest : await this.#cache.recall(key);
    const kept = isDigest(digest) ? await this.#cache.read(digest) : undefined;
    if (kept !== undefined && isDigest(digest)) {
      const mediaType = documentType(kept) ?? MANIFEST_TYPE;
      return { descriptor: { mediaType, digest, size: kept.length }, bytes: kept };
    }
    this.#needNetwork(tagOrDigest);
    const found = await this.#repository.manifest(tagOrDigest);
    await this.#cache.write(found.descriptor.digest, found.bytes);
    if (!isDigest(tagOrDigest)) await this.#cache.note(key, found.descriptor.digest);
    return found;
  }

  async blob(descriptor: Descriptor): Promise<Uint8Array> {
    const kept = await this.#cache.read(descriptor.digest);
    if (kept !== undefined && kept.length === descriptor.size) return kept;
    this.#needNetwork(descriptor.digest);
    const bytes = await this.#repository.blob(descriptor);
    await this.#cache.write(descriptor.digest, bytes);
    return bytes;
  }

  async referrers(subject: string, artifactType?: string): Promise<Descriptor[]> {
    const { registry, repository } = this.reference;
    const key = `referrers ${artifactType ?? ""} ${formatReference({ registry, repository, digest: subject })}`;
    if (this.#offline) {
      const noted = await this.#cache.recall(key);
      if (Array.isArray(noted)) return noted as Descriptor[];
      this.#needNetwork(subject);
    }
    const found = await this.#repository.referrers(subject, artifactType);
    await this.#cache.note(key, found);
    return found;
  }

  async upload(bytes: Uint8Array, mediaType: string, mountFrom?: string): Promise<Descriptor> {
    this.#needNetwork(digestOf(bytes));
    return this.#repository.upload(bytes, mediaType, mountFrom);
  }

  async putManifest(bytes: Uint8Array, mediaType: string, tag?: string): Promise<Descriptor> {
    this.#needNetwork(tag ?? digestOf(bytes));
    return this.#repository.putManifest(bytes, mediaType, tag);
  }

  async attach(subject: Descriptor, referrer: Referrer): Promise<Descriptor> {
    this.#needNetwork(subject.digest);
    return this.#repository.attach(subject, referrer);
  }

  #needNetwork(tagOrDigest: string): void {
    if (!this.#offline) return;
    const { registry, repository } = this.reference;
    const part = isDigest(tagOrDigest) ? { digest: tagOrDigest } : { tag: tagOrDigest };
    throw new ToolkitError(
      `Cannot use "${formatReference({ registry, repository, ...part })}" offline: it is not in the cache`,
      { code: "ERR_OCI_NOT_FOUND", hint: "Pull it once without --offline" },
    );
  }
}
