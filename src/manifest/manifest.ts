/** Any JSON value. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** A JSON Schema, dialect 2020-12 unless it names another. */
export type JsonSchema = { [key: string]: Json };

/** How long clients may take what they got for current, in milliseconds, and whom else it may be given. */
export interface CacheHint {
  ttlMs: number;
  scope: "private" | "public";
}

/** A hint as a provider declares it. */
export type DeclaredCache = Pick<CacheHint, "ttlMs"> & Partial<CacheHint>;

/** An image that stands for a thing, as MCP has it. */
export interface IconManifest {
  src: string;
  mimeType?: string;
  sizes?: string[];
  theme?: "light" | "dark";
}

/** What is said of everything that is offered. */
interface Described {
  title?: string;
  description?: string;
  icons?: IconManifest[];
  /** OAuth scopes a caller needs, all of them. Not shown to clients. */
  scopes?: string[];
  _meta?: { [key: string]: Json };
}

/** One tool, as `tools/list` shows it, and what only the composition needs. */
export interface ToolManifest extends Described {
  /** Unique within a composition: 1 to 128 characters of `A-Z a-z 0-9 _ - .`. */
  name: string;
  inputSchema: JsonSchema;
  outputSchema?: JsonSchema;
  annotations?: { [key: string]: Json };
  /** Whether calls can, or have to, become tasks; absent: never. Not shown to clients. */
  task?: "optional" | "required";
  /** How long the result of a call may be given again for the same arguments. Absent: never. Not shown to clients. */
  cache?: DeclaredCache;
}

/** One resource, as `resources/list` shows it, and what only the composition needs. */
export interface ResourceManifest extends Described {
  /** Unique within a composition. */
  uri: string;
  name: string;
  mimeType?: string;
  /** Bytes of the content, where it is known. */
  size?: number;
  annotations?: { [key: string]: Json };
  /** Of what reading it gives. Not shown to clients. */
  cache?: DeclaredCache;
}

/** One resource template, as `resources/templates/list` shows it, and what only the composition needs. */
export interface ResourceTemplateManifest extends Described {
  /** RFC 6570 template of the URIs, unique within a composition. */
  uriTemplate: string;
  name: string;
  mimeType?: string;
  annotations?: { [key: string]: Json };
  /** Variables whose values `completion/complete` suggests. Not shown to clients. */
  completes?: string[];
  /** Of what reading it gives. Not shown to clients. */
  cache?: DeclaredCache;
}

/** One prompt, as `prompts/list` shows it, and what only the composition needs. */
export interface PromptManifest extends Described {
  /** Unique within a composition: 1 to 128 characters of `A-Z a-z 0-9 _ - .`. */
  name: string;
  arguments?: { name: string; title?: string; description?: string; required?: boolean }[];
  /** Arguments whose values `completion/complete` suggests. Not shown to clients. */
  completes?: string[];
}

/** What a provider may answer lists of itself, because it knows them only when it runs. */
export type DynamicList = "tools" | "resources" | "resourceTemplates" | "prompts";

/** What a component may do. Nothing is granted that is not listed; an absent member grants nothing. */
export interface Grants {
  /** Requests to these origins. */
  http?: HttpGrant[];
  /** Keys that start with one of these prefixes. */
  kv?: string[];
  /** These keys of the host's configuration. */
  config?: string[];
  /** These secrets. */
  secrets?: SecretGrant[];
  /** Everything the component imports of WASI, from the host and without a gate: files, environment, sockets, HTTP. */
  unsafe?: true;
}

/** A service that is granted item by item. */
export type GrantedService = Exclude<keyof Grants, "unsafe">;

/** Requests to one origin. */
export interface HttpGrant {
  /** Canonical, as in `wit/deps/host/http.wit`: `https://host` or `https://host:port`. */
  origin: string;
  /** Methods in upper case. Default `GET` and `HEAD`. */
  methods?: string[];
  /** Prefixes of the path, each starting with `/`. Default: any path. */
  paths?: string[];
}

/** A secret: readable by the component, or, with `header` and `origin`, added to its requests without being seen. */
export interface SecretGrant {
  name: string;
  /** Header field that carries it, in lower case. Needs `origin`. */
  header?: string;
  /** The one origin it is sent to; an `http` grant must cover it. Needs `header`. */
  origin?: string;
}

/** What a middleware needs beyond what a schema of its settings can say. Each is checked when a server is composed. */
export interface Requirement {
  /** Applies where the settings match this JSON Schema. Absent: always. */
  when?: JsonSchema;
  /** What does not work without it, as the end of a sentence: "limits by principal". */
  for: string;
  /** It must stand behind middleware that authenticates, so that there is a principal. */
  principal?: true;
  /** It must not stand in front of middleware that authenticates; where a server has none, it may stand anywhere. */
  behindAuthentication?: true;
  /** The host must say from which address a request came. Checked when a bundle for one is made. */
  peer?: true;
  /** Name of the setting with a URL, `GET` of which its `http` grants must cover. */
  http?: string;
  /** A `kv` grant that covers the prefix in a setting, of a store with these features. */
  kv?: KvRequirement;
  /** Name of the setting with the name of a secret that it must be granted to read. */
  secret?: string;
}

/** A requirement that applies with the settings of a middleware. */
export type AppliedRequirement = Omit<Requirement, "when">;

/** What a middleware needs of the store behind `tenon:host/kv`. */
export interface KvRequirement {
  /** Name of the setting with the prefix of its keys. Its default stands in the schema of the settings. */
  prefix: string;
  /** What the store must be able to do, as `features` of `wit/deps/host/kv.wit`. Default: anything. */
  features?: ("persistent" | "swap")[];
}

/** How a middleware authenticates callers. */
export interface Authentication {
  /**
   * Where the members of the protected resource metadata stand in its settings (RFC 9728, section 2). Absent: there is
   * none.
   */
  protectedResource?: {
    /** Names of settings: the first that holds an http or https URL is `resource`. */
    resource: string[];
    /** Names of settings that hold issuer URLs, or lists of them: `authorization_servers`. */
    authorizationServers: string[];
  };
}

/** Protected resource metadata, as clients get it (RFC 9728, section 2). */
export interface ProtectedResource {
  /** Where clients reach the server: an http or https URL. */
  resource: string;
  /** Issuers. */
  authorization_servers: string[];
  /** All that anything of the server needs, sorted; absent: none. */
  scopes_supported?: string[];
  bearer_methods_supported: string[];
  resource_name: string;
}

/** An interface the component asks for, by its WIT id without version, and why. */
export interface CapabilityRequest {
  interface: string;
  reason?: string;
  /** True where `requires` says when it is needed, and it may do without otherwise. */
  optional?: true;
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

/** A component that offers tools, resources or prompts. */
export interface ProviderManifest extends ManifestBase {
  kind: "provider";
  tools: ToolManifest[];
  /** Absent: none. */
  resources?: ResourceManifest[];
  /** Absent: none. */
  resourceTemplates?: ResourceTemplateManifest[];
  /** Absent: none. */
  prompts?: PromptManifest[];
  /** Lists that it answers itself besides what stands here, and whose things it takes by any name. Absent: none. */
  dynamic?: DynamicList[];
  /** True when its code asks the client, so that a call may take several rounds. Absent: it never does. */
  asks?: true;
  /** Of the lists it has a part in. */
  cache?: { lists?: DeclaredCache };
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
  /** Present on middleware that authenticates callers, and that alone imports `tenon:host/credentials`. */
  authenticates?: Authentication;
  /** Absent: nothing. */
  requires?: Requirement[];
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
  /** What it asks for. */
  capabilities: CapabilityRequest[];
  /** What it may do; absent: nothing beyond what every component may. */
  grants?: Grants;
  toolchain: Toolchain;
}

/** A composed server. */
export interface CoreManifest extends ManifestBase {
  kind: "core";
  /** Where people read more about the server. */
  websiteUrl?: string;
  icons?: IconManifest[];
  /** Tells models what the server is for and how its parts go together. */
  instructions?: string;
  access: "authenticated" | "public";
  /**
   * `sha256:` and 64 hexadecimal digits of what decides who may do what: access, chain, settings, grants, and the scopes of
   * what is offered. Settings stand nowhere else in the manifest.
   */
  policyDigest: string;
  /** The widest scope a result may have, and what is said of each list that there is. */
  cache: { scope: CacheHint["scope"]; lists: Partial<Record<DynamicList, CacheHint>> };
  /** OAuth scopes of each role; absent: there are no roles. */
  roles?: Readonly<Record<string, readonly string[]>>;
  /** What a caller of a tool must fulfil beside its scopes, in a subset of CEL, by the names of tools; absent: nothing. */
  rules?: Readonly<Record<string, string>>;
  /** Absent where no setting of the authentication says where clients get a token. */
  protectedResource?: ProtectedResource;
  /** In the order a request passes them. */
  middleware: (PartManifest & {
    methods?: string[];
    authenticates?: Authentication;
    /** Those of its requirements that apply with its settings, without `when`. */
    requires?: AppliedRequirement[];
  })[];
  /**
   * Names of middleware that stands side by side and shares one component, with one engine and the grants of all of it; one
   * list for each such component. Absent: none does.
   */
  fused?: string[][];
  providers: (PartManifest & {
    /** Names. */
    tools: string[];
    /** URIs; absent: none. */
    resources?: string[];
    /** URI templates; absent: none. */
    resourceTemplates?: string[];
    /** Names; absent: none. */
    prompts?: string[];
    dynamic?: DynamicList[];
    /** True when its calls may take several rounds. Absent: they do not. */
    asks?: true;
  })[];
  /** Everything the composition offers, in the order `tools/list` shows it. */
  tools: ToolManifest[];
  /** In the order `resources/list` shows them; absent: none. */
  resources?: ResourceManifest[];
  /** In the order `resources/templates/list` shows them; absent: none. */
  resourceTemplates?: ResourceTemplateManifest[];
  /** In the order `prompts/list` shows them; absent: none. */
  prompts?: PromptManifest[];
  /** Functions answered by stubs, as `interface#function`, sorted. */
  stubs: string[];
}

/** What clients learn of a server itself. */
export type ServerDescription = Pick<
  CoreManifest,
  "description" | "icons" | "instructions" | "name" | "title" | "version" | "websiteUrl"
>;

/** The content of the `tenon:manifest` custom section. */
export type Manifest = ProviderManifest | MiddlewareManifest | CoreManifest;
