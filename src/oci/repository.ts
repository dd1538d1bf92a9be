import { createHash } from "node:crypto";
import { digestOf } from "./digest.ts";
import type { Answer } from "./exchange.ts";
import {
  documentType,
  EMPTY_TYPE,
  INDEX_TYPE,
  MANIFEST_TYPE,
  readImageIndex,
  writeDocument,
  type Descriptor,
} from "./manifest.ts";
import { readBody } from "./read-body.ts";
import { formatReference, isDigest, type OciReference } from "./reference.ts";
import { RegistryClient, type RegistrySettings } from "./registry-client.ts";
import { contentFailure, explaining, RegistryFailure } from "./registry-failure.ts";

/** How far a transfer has come. */
export interface TransferProgress {
  /** Digest of what is moved. */
  what: string;
  doneBytes: number;
  totalBytes: number;
}

/** How a repository is used. */
export interface RepositorySettings extends RegistrySettings {
  /** Told of blobs while they are moved. */
  onProgress?: (progress: TransferProgress) => void;
}

/** What is attached to an artifact. */
export interface Referrer {
  artifactType: string;
  mediaType: string;
  bytes: Uint8Array;
  annotations?: Record<string, string>;
}

/**
 * One repository of a registry, as in the OCI distribution specification 1.1.
 *
 * Everything throws a ToolkitError: `ERR_OCI_NOT_FOUND`, `ERR_OCI_AUTH`, `ERR_OCI_REFUSED` when the registry answers otherwise, `ERR_OCI_CONTENT`
 * when what comes is not what was asked for, `ERR_OCI_NETWORK`.
 *
 * @see https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md
 */
export interface Repository {
  /** What it was opened for. */
  readonly reference: OciReference;
  /** The bytes of a manifest or an index. Asked for by digest, they are checked against it. */
  manifest(tagOrDigest: string): Promise<{ descriptor: Descriptor; bytes: Uint8Array }>;
  /** The bytes of a blob, checked against size and digest. */
  blob(descriptor: Descriptor): Promise<Uint8Array>;
  /**
   * Makes sure that the repository has a blob.
   *
   * @param mountFrom Repository of the same registry that has it.
   */
  upload(bytes: Uint8Array, mediaType: string, mountFrom?: string): Promise<Descriptor>;
  /** Stores a manifest or an index, under a tag or else by its digest. */
  putManifest(bytes: Uint8Array, mediaType: string, tag?: string): Promise<Descriptor>;
  /** What was attached to a manifest, of one kind or of all. Nobody vouches for it. */
  referrers(subject: string, artifactType?: string): Promise<Descriptor[]>;
  /** Attaches something to a manifest. */
  attach(subject: Descriptor, referrer: Referrer): Promise<Descriptor>;
}

const EMPTY = new TextEncoder().encode("{}");
const FALLBACK_ATTEMPTS = 3;
const UNKNOWN = 404;

/** Opens a repository. Nothing is asked before something is wanted of it. */
export function openRepository(reference: OciReference, settings: RepositorySettings = {}): Repository {
  return new RemoteRepository(reference, settings);
}

class RemoteRepository implements Repository {
  readonly reference: OciReference;
  readonly #client: RegistryClient;
  readonly #onProgress: (progress: TransferProgress) => void;
  readonly #path: string;
  readonly #pull: readonly string[];
  readonly #push: readonly string[];

  constructor(reference: OciReference, settings: RepositorySettings) {
    this.reference = reference;
    this.#client = new RegistryClient(reference.registry, settings);
    this.#onProgress = settings.onProgress ?? (() => undefined);
    this.#path = reference.repository;
    this.#pull = [`repository:${this.#path}:pull`];
    this.#push = [`repository:${this.#path}:pull,push`];
  }

  async manifest(tagOrDigest: string): Promise<{ descriptor: Descriptor; bytes: Uint8Array }> {
    return this.#doing("fetch", this.#named(tagOrDigest), () => this.#manifest(tagOrDigest, this.#pull));
  }

  async blob(descriptor: Descriptor): Promise<Uint8Array> {
    return this.#doing("fetch", this.#named(descriptor.digest), async () => {
      // Set aside as it is asked for, so that a size that is a lie costs nothing.
      const bytes = new Uint8Array(this.#bounded(descriptor));
      let at = 0;
      for await (const chunk of this.#content(descriptor)) {
        bytes.set(chunk, at);
        at += chunk.length;
      }
      return bytes;
    });
  }

  async upload(bytes: Uint8Array, mediaType: string, mountFrom?: string): Promise<Descriptor> {
    const descriptor: Descriptor = { mediaType, digest: digestOf(bytes), size: bytes.length };
    return this.#doing("push to", this.#named(), async () => {
      if (!(await this.#has(`blobs/${descriptor.digest}`)))
        await this.#uploadNew(bytes, descriptor, mountFrom);
      this.#onProgress({ what: descriptor.digest, doneBytes: bytes.length, totalBytes: bytes.length });
      return descriptor;
    });
  }

  async putManifest(bytes: Uint8Array, mediaType: string, tag?: string): Promise<Descriptor> {
    return this.#doing("push to", this.#named(tag), async () => {
      return (await this.#putManifest(bytes, mediaType, tag)).descriptor;
    });
  }

  async referrers(subject: string, artifactType?: string): Promise<Descriptor[]> {
    return this.#doing("list what is attached to", this.#named(subject), async () => {
      const isMeant = (found: Descriptor): boolean =>
        artifactType === undefined || found.artifactType === artifactType;
      const listed = await this.#listReferrers(subject, artifactType, isMeant);
      return listed ?? (await this.#fallbackIndex(subject)).filter(isMeant);
    });
  }

  async attach(subject: Descriptor, referrer: Referrer): Promise<Descriptor> {
    const { artifactType, mediaType, bytes, annotations } = referrer;
    const config = await this.upload(EMPTY, EMPTY_TYPE);
    const layer = await this.upload(bytes, mediaType);
    return this.#doing("push to", this.#named(), async () => {
      const document = writeDocument({
        schemaVersion: 2,
        mediaType: MANIFEST_TYPE,
        artifactType,
        config,
        layers: [layer],
        subject: { mediaType: subject.mediaType, digest: subject.digest, size: subject.size },
        annotations,
      });
      const { descriptor, listed } = await this.#putManifest(document, MANIFEST_TYPE, undefined);
      const entry = { ...descriptor, artifactType, ...(annotations !== undefined && { annotations }) };
      if (!listed) await this.#addToFallback(subject.digest, entry);
      return entry;
    });
  }

  async #manifest(
    tagOrDigest: string,
    scopes: readonly string[],
  ): Promise<{ descriptor: Descriptor; bytes: Uint8Array }> {
    const { manifestBytes } = this.#client.limits;
    return this.#client.retrying(async () => {
      const answer = await this.#client.send({
        method: "GET",
        target: `${this.#path}/manifests/${tagOrDigest}`,
        scopes,
        headers: { accept: `${MANIFEST_TYPE}, ${INDEX_TYPE}` },
      });
      const bytes = await readBody(checkEncoding(answer), manifestBytes);
      const digest = digestOf(bytes);
      if (isDigest(tagOrDigest) && digest !== tagOrDigest)
        throw contentFailure(`it is another content, ${digest}`);
      checkClaim(answer, digest);
      const claimed = (answer.headers["content-type"] ?? "").split(";", 1)[0]!.trim().toLowerCase();
      const mediaType = documentType(bytes) ?? claimed;
      // Otherwise what was stored as one thing could be read as another.
      if (mediaType !== claimed)
        throw contentFailure(
          `the registry calls it "${claimed.slice(0, 100)}", and it is "${mediaType.slice(0, 100)}"`,
        );
      return { descriptor: { mediaType, digest, size: bytes.length }, bytes };
    });
  }

  #bounded({ size }: Descriptor): number {
    const { layerBytes } = this.#client.limits;
    if (size > layerBytes) throw contentFailure(`it has ${size} bytes, and ${layerBytes} are allowed`);
    return size;
  }

  /** The content of a blob in chunks. Whoever keeps them must throw them away if this fails, also at the end. */
  async *#content(descriptor: Descriptor): AsyncGenerator<Uint8Array> {
    const { digest, size } = descriptor;
    const answer = await this.#client.retrying(async () =>
      checkEncoding(
        await this.#client.send({
          method: "GET",
          target: `${this.#path}/blobs/${digest}`,
          scopes: this.#pull,
        }),
      ),
    );
    const claimed = answer.headers["content-length"];
    if (claimed !== undefined && Number(claimed) !== size) {
      answer.discard();
      throw contentFailure(`it has ${claimed} bytes, and its manifest says ${size}`);
    }
    const hash = createHash("sha256");
    let doneBytes = 0;
    for await (const chunk of answer.chunks(size)) {
      hash.update(chunk);
      doneBytes += chunk.length;
      yield chunk;
      this.#onProgress({ what: digest, doneBytes, totalBytes: size });
    }
    if (doneBytes !== size) throw contentFailure(`it has ${doneBytes} bytes, and its manifest says ${size}`);
    const found = `sha256:${hash.digest("hex")}`;
    if (found !== digest) throw contentFailure(`it is another content, ${found}`);
  }

  async #has(path: string): Promise<boolean> {
    return this.#client.retrying(async () => {
      const answer = await this.#client.send({
        method: "HEAD",
        target: `${this.#path}/${path}`,
        scopes: this.#push,
        accept: [UNKNOWN],
      });
      answer.discard();
      return answer.status !== UNKNOWN;
    });
  }

  // https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#pushing-blobs
  async #uploadNew(bytes: Uint8Array, { digest }: Descriptor, mountFrom: string | undefined): Promise<void> {
    await this.#client.retrying(async () => {
      const mount = mountFrom === undefined ? "" : `?mount=${digest}&from=${encodeURIComponent(mountFrom)}`;
      const started = await this.#client.send({
        method: "POST",
        target: `${this.#path}/blobs/uploads/${mount}`,
        scopes: mountFrom === undefined ? this.#push : [...this.#push, `repository:${mountFrom}:pull`],
      });
      started.discard();
      if (started.status === 201) return;
      const { location } = started.headers;
      const origin = await this.#client.origin();
      if (location === undefined || !URL.canParse(location, origin.href)) {
        throw new RegistryFailure("the registry does not say where to upload to", "ERR_OCI_REFUSED");
      }
      const target = new URL(location, origin);
      target.searchParams.set("digest", digest);
      const stored = await this.#client.send({
        method: "PUT",
        target,
        scopes: this.#push,
        headers: { "content-type": "application/octet-stream" },
        body: bytes,
      });
      checkClaim(stored, digest);
      stored.discard();
    });
  }

  async #putManifest(
    bytes: Uint8Array,
    mediaType: string,
    tag: string | undefined,
  ): Promise<{ descriptor: Descriptor; listed: boolean }> {
    const digest = digestOf(bytes);
    return this.#client.retrying(async () => {
      const answer = await this.#client.send({
        method: "PUT",
        target: `${this.#path}/manifests/${tag ?? digest}`,
        scopes: this.#push,
        headers: { "content-type": mediaType },
        body: bytes,
      });
      checkClaim(answer, digest);
      answer.discard();
      const listed = answer.headers["oci-subject"] !== undefined;
      return { descriptor: { mediaType, digest, size: bytes.length }, listed };
    });
  }

  /** As the registry lists them; nothing where it has no such list. */
  async #listReferrers(
    subject: string,
    artifactType: string | undefined,
    isMeant: (found: Descriptor) => boolean,
  ): Promise<Descriptor[] | undefined> {
    const { referrers: most, manifestBytes } = this.#client.limits;
    const query = artifactType === undefined ? "" : `?artifactType=${encodeURIComponent(artifactType)}`;
    const found: Descriptor[] = [];
    let target: string | URL | undefined = `${this.#path}/referrers/${subject}${query}`;
    for (let page = 0; target !== undefined; page++) {
      if (page > most) throw contentFailure(`it has more than ${most} pages of attachments`);
      const from: string | URL = target;
      const answer = await this.#client.retrying(async () =>
        this.#client.send({ method: "GET", target: from, scopes: this.#pull, accept: [UNKNOWN] }),
      );
      if (answer.status === UNKNOWN) {
        answer.discard();
        return undefined;
      }
      const { manifests } = readImageIndex(await readBody(checkEncoding(answer), manifestBytes));
      found.push(...manifests.filter(isMeant));
      if (found.length > most) throw contentFailure(`it has more than ${most} attachments`);
      target = nextPage(
        answer,
        new URL(typeof from === "string" ? `/v2/${from}` : from, await this.#client.origin()),
      );
    }
    return found;
  }

  // https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#referrers-tag-schema
  async #fallbackIndex(subject: string, scopes: readonly string[] = this.#pull): Promise<Descriptor[]> {
    const { referrers: most } = this.#client.limits;
    try {
      const { manifests } = readImageIndex((await this.#manifest(fallbackTag(subject), scopes)).bytes);
      if (manifests.length > most) throw contentFailure(`it has more than ${most} attachments`);
      return manifests;
    } catch (error) {
      if (error instanceof RegistryFailure && error.code === "ERR_OCI_NOT_FOUND") return [];
      throw error;
    }
  }

  /** The tag is read and written again, with nothing to keep others from doing so in between: what they lost is put back. */
  async #addToFallback(subject: string, entry: Descriptor): Promise<void> {
    for (let attempt = 0; attempt < FALLBACK_ATTEMPTS; attempt++) {
      const before = await this.#fallbackIndex(subject, this.#push);
      if (before.some(({ digest }) => digest === entry.digest)) return;
      const index = writeDocument({ schemaVersion: 2, mediaType: INDEX_TYPE, manifests: [...before, entry] });
      await this.#putManifest(index, INDEX_TYPE, fallbackTag(subject));
    }
    const after = await this.#fallbackIndex(subject, this.#push);
    if (after.some(({ digest }) => digest === entry.digest)) return;
    throw new RegistryFailure("others attach to it at the same time", "ERR_OCI_REFUSED", {
      hint: "Try again",
    });
  }

  #named(tagOrDigest?: string): string {
    const { registry, repository } = this.reference;
    if (tagOrDigest === undefined) return formatReference({ registry, repository });
    const part = isDigest(tagOrDigest) ? { digest: tagOrDigest } : { tag: tagOrDigest };
    return formatReference({ registry, repository, ...part });
  }

  async #doing<Result>(action: string, what: string, run: () => Promise<Result>): Promise<Result> {
    return explaining(`${action} "${what}"`, run);
  }
}

function fallbackTag(subject: string): string {
  return subject.replace(":", "-");
}

/** Digests are of what is stored: content that is packed for its way is something else. */
function checkEncoding(answer: Answer): Answer {
  const encoding = answer.headers["content-encoding"];
  if (encoding === undefined || encoding === "" || encoding === "identity") return answer;
  answer.discard();
  throw contentFailure("it comes packed, which was not asked for");
}

/** What the registry says a digest is must be what it is. */
function checkClaim(answer: Answer, digest: string): void {
  const claimed = answer.headers["docker-content-digest"];
  if (claimed === undefined || claimed === digest || !String(claimed).startsWith("sha256:")) return;
  answer.discard();
  throw contentFailure(`the registry calls it ${String(claimed).slice(0, 80)}, and it is ${digest}`);
}

/** @see https://www.rfc-editor.org/rfc/rfc8288 */
function nextPage(answer: Answer, from: URL): URL | undefined {
  const link = answer.headers["link"];
  const match = /<([^>]{1,2048})>\s*;\s*rel="?next"?/.exec(typeof link === "string" ? link : "");
  return match !== null && URL.canParse(match[1]!, from.href) ? new URL(match[1]!, from) : undefined;
}
