import type { Wire } from "../compose/index.ts";
import type {
  AppliedRequirement,
  CapabilityRequest,
  CoreManifest,
  DynamicList,
  Grants,
  IconManifest,
  PromptManifest,
  ResourceManifest,
  ResourceTemplateManifest,
  Toolchain,
  ToolManifest,
} from "../manifest/index.ts";

/** What a WebAssembly component is and holds; `schema/inspect.schema.json` describes the same as JSON. */
export interface Inspection {
  /** Version of this format. Members may be added within a version, never changed or removed. */
  inspectVersion: 1;
  /** `bundle` is a composed server with a host's adapter around it, `component` one without a manifest. */
  kind: "provider" | "middleware" | "core" | "bundle" | "component";
  /** `sha256:` and 64 hexadecimal digits, of the file. */
  digest: string;
  /** Of the file. */
  sizes: Sizes;
  /** Absent for a `component`, as the next four: it carries no manifest. Those of a bundle are its core's. */
  name?: string;
  version?: string;
  title?: string;
  description?: string;
  /** Of a composed server, as the next six. */
  access?: CoreManifest["access"];
  websiteUrl?: string;
  icons?: IconManifest[];
  instructions?: string;
  /** The widest scope a result may have, and what is said of each list. */
  cache?: CoreManifest["cache"];
  /** `sha256:` and 64 hexadecimal digits, of what decides who may do what. */
  policyDigest?: string;
  /** What the bytes prove about who can reach what. */
  verdict?: Verdict;
  /** What the file itself imports and exports, sorted. */
  imports: string[];
  exports: string[];
  /** The composed server inside a bundle. */
  core?: { digest: string; sizes: Sizes; imports: string[]; exports: string[] };
  /** What clients see. Absent for middleware and components without a manifest. */
  catalog?: Catalog;
  /** Names of the middleware of a composed server, in the order a request passes them. */
  chain?: string[];
  /** The component itself, or the parts of a composed server: middleware in order, then providers. */
  parts: PartInspection[];
  /** Core modules that several parts use and the file holds once: the engine. */
  shared: SharedModuleInspection[];
  /** Functions that a stub answers for some part, as `interface#function`, sorted. */
  stubs: string[];
  /** Where the manifest and the bytes disagree, one sentence each. Empty when the bytes bear the manifest out. */
  contradictions: string[];
}

/** What the bytes of a composed server prove about who can reach what. */
export interface Verdict {
  /** False when the manifest says anything that the bytes do not bear out. */
  proven: boolean;
  /** A sentence without a full stop. */
  text: string;
}

/** What {@link Inspection} says of the component or core inside the file. */
export type Description = Omit<Inspection, "digest" | "exports" | "imports" | "inspectVersion" | "sizes">;

/** In bytes. */
export interface Sizes {
  raw: number;
  gzip: number;
}

/** What a server offers, with checksums. */
export interface Catalog {
  /** Of the definitions of every kind, in the order of the lists. */
  digest: string;
  tools: CatalogEntry<Omit<ToolManifest, "scopes">>[];
  resources: CatalogEntry<Omit<ResourceManifest, "scopes">>[];
  resourceTemplates: CatalogEntry<Omit<ResourceTemplateManifest, "completes" | "scopes">>[];
  prompts: CatalogEntry<Omit<PromptManifest, "completes" | "scopes">>[];
  /** Lists to which a provider adds when it runs, and that provider. */
  dynamic: { list: DynamicList; provider: string }[];
}

/** One tool, resource, template or prompt. */
export interface CatalogEntry<Definition> {
  /** Name of the part that serves it. */
  provider: string;
  /** `sha256:` and 64 hexadecimal digits, of the definition as canonical JSON. */
  digest: string;
  /** What clients see. */
  definition: Definition;
  /** OAuth scopes a caller needs; absent: none. */
  scopes?: string[];
  /** Arguments or variables that are completed; absent: none. */
  completes?: string[];
}

/** One component. */
export interface PartInspection {
  /** Its name in the composition, or its own. */
  as: string;
  role: "provider" | "middleware" | "component";
  /** What its manifest says; absent when there is none. */
  name?: string;
  version?: string;
  toolchain?: Toolchain;
  /** Methods a middleware acts on; absent: all. */
  methods?: string[];
  /**
   * Names of the middleware that shares one component and engine with it, itself included, in order; code, sizes and imports are
   * those of the component, and what a gate lets through is for all of them. Absent: it has a component of its own.
   */
  fused?: string[];
  /** True for the middleware that authenticates callers. Absent: it does not. */
  authenticates?: true;
  /** What a middleware requires; in a composed server, with its settings. Absent: nothing. */
  requires?: AppliedRequirement[];
  /** True when its calls may ask the client, and take several rounds. Absent: they do not. */
  asks?: true;
  /** Interfaces that it has from the host and that no gate stands before, without versions. Absent: it has none. */
  unsafe?: string[];
  /** Of the component's file before composition, as the manifest records it. */
  digest?: string;
  /**
   * Of its code: the component without custom sections and with shared modules put back. The same for a file and for
   * the part made of it. Absent when the bytes hold no such part.
   */
  code?: string;
  /** Of its bytes in the file, without what it shares; absent when the bytes hold no such part. */
  sizes?: Sizes;
  /** What it asks for. */
  capabilities: CapabilityRequest[];
  /** What its manifest says it may do; absent: nothing beyond what every component may. */
  grants?: Grants;
  /** What its bytes import, and where each of it leads: what it can do. */
  imports: PartImport[];
}

/** An interface that a part imports. */
export interface PartImport {
  /** As the part names it. */
  interface: string;
  /** One entry unless its functions lead to different places. Functions are empty for an interface of types alone. */
  wires: (PartWire & { functions: string[] })[];
}

/** Where an import leads; `open` where nothing is composed yet. */
export type PartWire = Wire | { kind: "open" };

/** A core module that the file holds once. */
export interface SharedModuleInspection {
  /** `sha256:` and 64 hexadecimal digits, of the module. */
  digest: string;
  /** In bytes. */
  size: number;
  /** Names of the parts that use it. */
  usedBy: string[];
}
