import { ToolkitError } from "../errors/index.ts";
import { EMPTY_TYPE, type Descriptor, type Repository } from "../oci/index.ts";
import { BUNDLE_TYPE, judgeBundle } from "./bundle.ts";
import type { PublicKey } from "./public-key.ts";
import { judgePayload, SIGNATURE_ANNOTATION, SIMPLE_SIGNING_TYPE } from "./simple-signing.ts";
import { isRecord, parseStrictJson } from "./strict-json.ts";
import type { Expected, Verdict } from "./verdict.ts";

/** Signatures of one artifact that are looked at, in both layouts together. */
export const MAX_SIGNATURES = 50;
const MAX_BUNDLE_BYTES = 256 * 1024;
const MAX_PAYLOAD_BYTES = 64 * 1024;

/** Where a signature lies: a bundle among the referrers, or a layer under the older layout's tag. */
export type Layout = "bundle" | "tag";

/** A signature that lies beside an artifact. */
export interface Found {
  readonly layout: Layout;
  /** Digest of the manifest that carries it. */
  readonly manifest: string;
  judge(keys: readonly PublicKey[]): Promise<Verdict>;
}

/** The tag that the older layout keeps an artifact's signatures under. */
export function signatureTag(digest: string): string {
  return `${digest.replace(":", "-")}.sig`;
}

/** Finds the bundles among the referrers of an artifact. */
export async function findBundles(expected: Expected, repository: Repository): Promise<Found[]> {
  const referrers = await repository.referrers(expected.digest);
  return referrers.filter(mayBeBundle).map(({ digest }) => ({
    layout: "bundle",
    manifest: digest,
    judge: (keys) =>
      judged(async () => {
        const manifest = parseStrictJson((await repository.manifest(digest)).bytes);
        if (!isRecord(manifest) || manifest["artifactType"] !== BUNDLE_TYPE) {
          return { reason: "other", text: "it is no bundle" };
        }
        const { subject } = manifest;
        if (!isRecord(subject) || subject["digest"] !== expected.digest) {
          return "its manifest names another subject";
        }
        const [layer, ...more] = layersOf(manifest);
        if (!layer || more.length > 0 || layer.mediaType !== BUNDLE_TYPE) return "it is not one bundle";
        if (layer.size > MAX_BUNDLE_BYTES) return `its bundle has more than ${MAX_BUNDLE_BYTES} bytes`;
        return judgeBundle(await repository.blob(layer), expected, keys);
      }),
  }));
}

/**
 * False for what is listed as something else. Cosign lists its bundles under the type of their empty configuration where a
 * registry has no list of its own, so the manifest has to tell.
 */
function mayBeBundle({ artifactType }: Descriptor): boolean {
  return artifactType === undefined || artifactType === BUNDLE_TYPE || artifactType === EMPTY_TYPE;
}

/** Finds the signatures under the older layout's tag. */
export async function findTagged(expected: Expected, repository: Repository): Promise<Found[]> {
  const tagged = await readTagged(expected.digest, repository);
  return (tagged?.layers ?? []).map((layer) => ({
    layout: "tag",
    manifest: tagged!.manifest,
    judge: (keys) =>
      judged(async () => {
        if (layer.mediaType !== SIMPLE_SIGNING_TYPE) return "its layer is not of simple signing";
        if (layer.size > MAX_PAYLOAD_BYTES) return `its payload has more than ${MAX_PAYLOAD_BYTES} bytes`;
        const payload = await repository.blob(layer);
        return judgePayload(payload, layer.annotations?.[SIGNATURE_ANNOTATION], expected, keys);
      }),
  }));
}

/** The manifest under the older layout's tag, if there is one. */
export async function readTagged(
  digest: string,
  repository: Repository,
): Promise<{ manifest: string; layers: Descriptor[] } | undefined> {
  try {
    const { bytes, descriptor } = await repository.manifest(signatureTag(digest));
    return { manifest: descriptor.digest, layers: layersOf(parseStrictJson(bytes)) };
  } catch (error) {
    if (error instanceof ToolkitError && error.code === "ERR_OCI_NOT_FOUND") return undefined;
    throw error;
  }
}

/** A signature that is broken or gone does not count; a registry that does not answer is a failure of its own. */
async function judged(judge: () => Promise<Verdict | string>): Promise<Verdict> {
  try {
    const verdict = await judge();
    return typeof verdict === "string" ? { reason: "malformed", text: verdict } : verdict;
  } catch (error) {
    const broken = ["ERR_OCI_CONTENT", "ERR_OCI_NOT_FOUND"];
    if (!(error instanceof ToolkitError) || !broken.includes(error.code)) throw error;
    return { reason: "malformed", text: error.message };
  }
}

function layersOf(manifest: unknown): Descriptor[] {
  const layers = isRecord(manifest) ? manifest["layers"] : undefined;
  return Array.isArray(layers) ? layers.flatMap((layer) => readDescriptor(layer) ?? []) : [];
}

function readDescriptor(value: unknown): Descriptor | undefined {
  if (!isRecord(value)) return undefined;
  const { mediaType, digest, size, annotations } = value;
  if (typeof mediaType !== "string" || typeof digest !== "string" || !Number.isSafeInteger(size))
    return undefined;
  const texts = isRecord(annotations)
    ? Object.entries(annotations).filter((entry): entry is [string, string] => typeof entry[1] === "string")
    : [];
  return { mediaType, digest, size: size as number, annotations: Object.fromEntries(texts) };
}
