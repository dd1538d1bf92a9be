import { scanJson } from "../protocol/scan-json.ts";
import { isDigest } from "./reference.ts";
import { contentFailure } from "./registry-failure.ts";

/** What points to content by its digest. */
export interface Descriptor {
  mediaType: string;
  /** `sha256:` and 64 hex digits. */
  digest: string;
  /** In bytes. */
  size: number;
  annotations?: Record<string, string>;
  artifactType?: string;
}

/** An image manifest: what an artifact is made of. */
export interface ImageManifest {
  artifactType?: string;
  config: Descriptor;
  layers: Descriptor[];
  subject?: Descriptor;
  annotations: Record<string, string>;
}

/** An index: a list of manifests. */
export interface ImageIndex {
  manifests: Descriptor[];
}

export const MANIFEST_TYPE = "application/vnd.oci.image.manifest.v1+json";
/** Of a configuration or content that says nothing. */
export const EMPTY_TYPE = "application/vnd.oci.empty.v1+json";
export const INDEX_TYPE = "application/vnd.oci.image.index.v1+json";
const MAX_DEPTH = 16;
const MAX_TOKENS = 100_000;
const MAX_ENTRIES = 10_000;
const MEDIA_TYPE = /^[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,126}\/[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,126}$/;

/**
 * Reads an image manifest.
 *
 * @throws RegistryFailure `ERR_OCI_CONTENT`
 * @see https://github.com/opencontainers/image-spec/blob/v1.1.1/manifest.md
 */
export function readImageManifest(bytes: Uint8Array): ImageManifest {
  const value = readDocument(bytes, MANIFEST_TYPE, "manifest");
  const layers = value["layers"];
  if (!Array.isArray(layers) || layers.length > MAX_ENTRIES)
    throw contentFailure("its manifest has no list of layers");
  return {
    ...(typeof value["artifactType"] === "string" && { artifactType: value["artifactType"] }),
    config: readDescriptor(value["config"]),
    layers: layers.map(readDescriptor),
    ...(value["subject"] !== undefined && { subject: readDescriptor(value["subject"]) }),
    annotations: readAnnotations(value["annotations"]) ?? {},
  };
}

/**
 * Reads an index.
 *
 * @throws RegistryFailure `ERR_OCI_CONTENT`
 * @see https://github.com/opencontainers/image-spec/blob/v1.1.1/image-index.md
 */
export function readImageIndex(bytes: Uint8Array): ImageIndex {
  const { manifests } = readDocument(bytes, INDEX_TYPE, "index");
  if (!Array.isArray(manifests) || manifests.length > MAX_ENTRIES)
    throw contentFailure("its index has no list");
  return { manifests: manifests.map(readDescriptor) };
}

/**
 * The media type that a manifest or an index gives itself, if any.
 *
 * @throws RegistryFailure `ERR_OCI_CONTENT` when it is no JSON object
 */
export function documentType(bytes: Uint8Array): string | undefined {
  const { mediaType } = readJsonObject(bytes, "manifest");
  return typeof mediaType === "string" ? mediaType : undefined;
}

/** JSON text of a manifest or an index: the same content gives the same bytes. */
export function writeDocument(content: Readonly<Record<string, unknown>>): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(sorted(content)));
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (value === null || typeof value !== "object") return value;
  const entries = Object.entries(value).filter(([, member]) => member !== undefined);
  return Object.fromEntries(
    entries.sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, member]) => [key, sorted(member)]),
  );
}

function readDocument(bytes: Uint8Array, mediaType: string, what: string): Record<string, unknown> {
  const value = readJsonObject(bytes, what);
  if (value["schemaVersion"] !== 2) throw contentFailure(`its ${what} does not have schema version 2`);
  const type = value["mediaType"] ?? mediaType;
  if (type !== mediaType) {
    throw contentFailure(
      type === INDEX_TYPE
        ? "it is an index of several artifacts, not one"
        : `its ${what} is of another type: ${shown(type)}`,
    );
  }
  return value;
}

function readJsonObject(bytes: Uint8Array, what: string): Record<string, unknown> {
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw contentFailure(`its ${what} is not UTF-8`);
  }
  const { fault } = scanJson(text, { maxDepth: MAX_DEPTH, maxTokens: MAX_TOKENS });
  // Readers differ in what they make of such keys, and signatures are of bytes.
  if (fault === "duplicate-key") throw contentFailure(`its ${what} has a key twice`);
  if (fault !== undefined) throw contentFailure(`its ${what} is no sane JSON: ${fault}`);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw contentFailure(`its ${what} is not JSON`);
  }
  if (value === null || typeof value !== "object" || Array.isArray(value)) {
    throw contentFailure(`its ${what} is not a JSON object`);
  }
  return value as Record<string, unknown>;
}

function readDescriptor(value: unknown): Descriptor {
  if (value === null || typeof value !== "object")
    throw contentFailure("its manifest has a descriptor that is none");
  const { mediaType, digest, size, annotations, artifactType } = value as Record<string, unknown>;
  if (typeof mediaType !== "string" || !MEDIA_TYPE.test(mediaType)) {
    throw contentFailure(`its manifest has a media type that is none: ${shown(mediaType)}`);
  }
  if (!isDigest(digest))
    throw contentFailure(`its manifest has a digest that is not sha256: ${shown(digest)}`);
  if (!Number.isSafeInteger(size) || (size as number) < 0) {
    throw contentFailure(`its manifest has a size that is none: ${shown(size)}`);
  }
  const noted = readAnnotations(annotations);
  return {
    mediaType,
    digest,
    size: size as number,
    ...(noted !== undefined && { annotations: noted }),
    ...(typeof artifactType === "string" && { artifactType }),
  };
}

function readAnnotations(value: unknown): Record<string, string> | undefined {
  if (value === undefined || value === null) return undefined;
  const isText =
    typeof value === "object" &&
    !Array.isArray(value) &&
    Object.values(value).every((text) => typeof text === "string");
  if (!isText) throw contentFailure("its manifest has annotations that are not texts by name");
  return value as Record<string, string>;
}

function shown(value: unknown): string {
  return (JSON.stringify(value) ?? "none").slice(0, 100);
}
