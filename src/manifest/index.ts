export type {
  CapabilityRequest,
  CoreManifest,
  Json,
  JsonSchema,
  Manifest,
  MiddlewareManifest,
  PartManifest,
  ProviderManifest,
  Toolchain,
  ToolManifest,
} from "./manifest.ts";
export { parseManifest } from "./parse-manifest.ts";
export { MANIFEST_SECTION, readManifest, writeManifest } from "./section.ts";
