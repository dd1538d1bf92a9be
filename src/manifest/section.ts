import { ToolkitError } from "../errors/index.ts";
import { readCustomSection, replaceCustomSection } from "../wasm/index.ts";
import { canonicalJson } from "./canonical-json.ts";
import type { Json, Manifest } from "./manifest.ts";
import { checkManifest, parseManifest } from "./parse-manifest.ts";

/** Name of the custom section that holds the manifest. */
export const MANIFEST_SECTION = "tenon:manifest";

/**
 * The manifest of a component; nothing when it carries none.
 *
 * @throws ToolkitError `ERR_WASM_DECODE` when the bytes are not WebAssembly.
 * @throws ToolkitError `ERR_MANIFEST` when the manifest is malformed.
 */
export function readManifest(bytes: Uint8Array): Manifest | undefined {
  const text = manifestText(bytes);
  return text === undefined ? undefined : parseManifest(text);
}

/**
 * The manifest of a component that {@link readManifest} took before: it is not checked again, which takes longer than all else
 * that a server does before it answers.
 */
export function readAdmittedManifest(bytes: Uint8Array): Manifest {
  return JSON.parse(manifestText(bytes)!) as Manifest;
}

function manifestText(bytes: Uint8Array): string | undefined {
  const payload = readCustomSection(bytes, MANIFEST_SECTION);
  if (payload === undefined) return undefined;
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(payload);
  } catch (cause) {
    throw new ToolkitError("Cannot read manifest: it is not UTF-8", { code: "ERR_MANIFEST", cause });
  }
}

/**
 * A copy of the component that carries the manifest, in place of the one it had. Equal manifests give equal bytes.
 *
 * @throws ToolkitError `ERR_MANIFEST` when the manifest is malformed.
 */
export function writeManifest(bytes: Uint8Array, manifest: Manifest): Uint8Array {
  const text = canonicalJson(checkManifest(manifest, "write") as unknown as Json);
  return replaceCustomSection(bytes, MANIFEST_SECTION, new TextEncoder().encode(text));
}
