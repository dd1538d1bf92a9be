export { asksClient } from "./asks-client.ts";
export type {
  AppliedRequirement,
  Authentication,
  CacheHint,
  CapabilityRequest,
  CoreManifest,
  DynamicList,
  GrantedService,
  Grants,
  HttpGrant,
  IconManifest,
  Json,
  JsonSchema,
  Manifest,
  MiddlewareManifest,
  PartManifest,
  PromptManifest,
  ProtectedResource,
  ProviderManifest,
  Requirement,
  ResourceManifest,
  ResourceTemplateManifest,
  SecretGrant,
  ServerDescription,
  Toolchain,
  ToolManifest,
} from "./manifest.ts";
export { canonical, canonicalJson } from "./canonical-json.ts";
export { checkManifest, grantMistakes, parseManifest } from "./parse-manifest.ts";
export { MANIFEST_SECTION, readAdmittedManifest, readManifest, writeManifest } from "./section.ts";
export { toolParameterHeaders } from "./tool-parameter-headers.ts";
export { ungrantedCapabilities } from "./ungranted-capabilities.ts";
export { definitionProblem } from "./schema-problem.ts";
export { unsafeWarnings } from "./unsafe-warnings.ts";
export { configVariable, secretVariable } from "./variable-names.ts";
