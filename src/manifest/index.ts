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
