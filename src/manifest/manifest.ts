/** Any JSON value. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** A JSON Schema, dialect 2020-12 unless it names another. */
export type JsonSchema = { [key: string]: Json };

/** One tool, as `tools/list` shows it, and what only the composition needs. */
export interface ToolManifest {
  /** Unique within a composition: 1 to 128 characters of `A-Z a-z 0-9 _ - .`. */
  name: string;
  title?: string;
  description?: string;
  inputSchema: JsonSchema;
  outputSchema?: JsonSchema;
  annotations?: { [key: string]: Json };
  /** OAuth scopes a caller needs, all of them. Not shown to clients. */
  scopes?: string[];
}

/** An interface the component asks for, by its WIT id without version, and why. */
export interface CapabilityRequest {
  interface: string;
  reason?: string;
}

/** What made the component. */
export interface Toolchain {
  /** Version of this package. */
  sdk: string;
  /** JavaScript engine inside, for example `quickjs`. */
  engine: { name: string; version: string };
}

interface ManifestBase {
  /** Version of this format. */
  manifestVersion: 1;
  /** Lower-case letters, digits and hyphens; at most 64 characters. */
  name: string;
  /** Semantic version of the component. */
  version: string;
  title?: string;
  description?: string;
}

/** A component that offers tools. */
export interface ProviderManifest extends ManifestBase {
  kind: "provider";
  tools: ToolManifest[];
  capabilities: CapabilityRequest[];
  toolchain: Toolchain;
}

/** A component that wraps a handler. */
export interface MiddlewareManifest extends ManifestBase {
  kind: "middleware";
  /** Methods it acts on; absent: all of them. */
  methods?: string[];
  /** What its `config` in `tenon.json` must match. Unknown members are refused unless it allows them. */
  settingsSchema: JsonSchema;
  capabilities: CapabilityRequest[];
  toolchain: Toolchain;
}

/** One part of a composition. */
export interface PartManifest {
  /** Its name in the composition: the provider's key, or the middleware's `as`. */
  as: string;
  name: string;
  version: string;
  /** `sha256:` and 64 hexadecimal digits: the component's bytes before composition. */
  digest: string;
}

/** A composed server. */
export interface CoreManifest extends ManifestBase {
  kind: "core";
  access: "authenticated" | "public";
  /** In the order a request passes them. */
  middleware: (PartManifest & { methods?: string[] })[];
  providers: (PartManifest & { tools: string[] })[];
  /** Everything the composition offers, in the order `tools/list` shows it. */
  tools: ToolManifest[];
  /** Functions answered by stubs, as `interface#function`, sorted. */
  stubs: string[];
}

/** The content of the `tenon:manifest` custom section. */
export type Manifest = ProviderManifest | MiddlewareManifest | CoreManifest;
