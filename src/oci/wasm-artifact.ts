import { MANIFEST_TYPE, writeDocument, type Descriptor, type ImageManifest } from "./manifest.ts";
import { contentFailure } from "./registry-failure.ts";

// https://tag-runtime.cncf.io/wgs/wasm/deliverables/wasm-oci-artifact/
export const CONFIG_TYPE = "application/vnd.wasm.config.v0+json";
export const LAYER_TYPE = "application/wasm";

/** What a component is described with. */
export interface ComponentDescription {
  /** Interfaces that it imports and exports. */
  imports: readonly string[];
  exports: readonly string[];
  /** Default: the beginning of 1970, so that the same component gives the same digest. */
  created?: Date;
}

/**
 * Checks that an artifact is one component.
 *
 * @throws RegistryFailure `ERR_OCI_CONTENT`
 */
export function checkComponentArtifact({ config, layers }: ImageManifest): void {
  if (config.mediaType !== CONFIG_TYPE) {
    throw contentFailure(`it is no WebAssembly component: its configuration is "${config.mediaType}"`);
  }
  if (layers.length !== 1) throw contentFailure(`it is not one component: it has ${layers.length} layers`);
  const { mediaType } = layers[0]!;
  if (mediaType !== LAYER_TYPE)
    throw contentFailure(`it is no WebAssembly component: its layer is "${mediaType}"`);
}

/** The configuration that stands beside a component. */
export function writeConfig(layerDigest: string, description: ComponentDescription): Uint8Array {
  const { created = new Date(0), imports, exports } = description;
  return writeDocument({
    created: created.toISOString().replace(/\.000Z$/, "Z"),
    architecture: "wasm",
    os: "wasip2",
    layerDigests: [layerDigest],
    component: { imports: [...imports].sort(), exports: [...exports].sort() },
  });
}

/** The manifest of a component. */
export function writeComponentManifest(
  config: Descriptor,
  layer: Descriptor,
  annotations: Readonly<Record<string, string>>,
): Uint8Array {
  return writeDocument({
    schemaVersion: 2,
    mediaType: MANIFEST_TYPE,
    config,
    layers: [layer],
    ...(Object.keys(annotations).length > 0 && { annotations }),
  });
}
