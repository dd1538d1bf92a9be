/** What is known of everything a composition offers. */
export interface Catalog {
  /**
   * The entry of one thing, or nothing when the composition has no such thing. `kind` is `tool`, `resource`,
   * `resource-template`, `prompt` or `server`, whose name is empty.
   */
  get(kind: "server", name: ""): ServerEntry;
  get(kind: Exclude<CatalogKind, "server">, name: string): CatalogEntry | undefined;
}

/** What a catalog has entries of. */
export type CatalogKind = "prompt" | "resource" | "resource-template" | "server" | "tool";

/** What the catalog says of one thing. New members may appear in any release. */
export interface CatalogEntry {
  /** Name of the provider in the composition. */
  readonly provider: string;
  /** Of the provider's component: `sha256:` and 64 hexadecimal digits. */
  readonly digest: string;
  /** OAuth scopes a caller needs, all of them. */
  readonly scopes?: readonly string[];
  /** What a caller must fulfil besides, as the composer read it. */
  readonly rule?: Rule;
  readonly cache?: { readonly ttlMs: number; readonly scope?: "private" | "public" };
  readonly [member: string]: unknown;
}

/** What the catalog says of the whole server. */
export interface ServerEntry {
  /** OAuth scopes of each role. */
  readonly roles?: Readonly<Record<string, readonly string[]>>;
  /** What not every caller may use; absent where all of it is for everyone. */
  readonly restricted?: Restricted;
  /** Of what decides who may do what: `sha256:` and 64 hexadecimal digits. */
  readonly policyDigest: string;
  /** The protected resource metadata of the server (RFC 9728), where it has any. */
  readonly protectedResource?: { readonly resource: string; readonly [member: string]: unknown };
  /** The URL of that metadata (RFC 9728, section 3.1). */
  readonly protectedResourceMetadata?: string;
  readonly [member: string]: unknown;
}

/** Names of what has scopes or a rule. */
export interface Restricted {
  readonly tools?: readonly string[];
  readonly prompts?: readonly string[];
  /** URIs. */
  readonly resources?: readonly string[];
  /** Where any template has scopes: all of them, in the order in which a URI is held against them. */
  readonly resourceTemplates?: readonly string[];
}

/** A condition over the principal and the arguments of a call, as data. */
export type Rule =
  | { readonly value: string | number | boolean | null }
  | { readonly list: readonly Rule[] }
  /** A member of the principal, or of the arguments. */
  | { readonly get: readonly ["arguments" | "principal", ...(string | number)[]] }
  | { readonly op: RuleOperator; readonly of: readonly Rule[] };

/** Operators and functions of rules, by their names in CEL. */
export type RuleOperator =
  | "!"
  | "!="
  | "&&"
  | "<"
  | "<="
  | "=="
  | ">"
  | ">="
  | "contains"
  | "endsWith"
  | "has"
  | "in"
  | "size"
  | "startsWith"
  | "||";

/** Gives the entry of a thing as JSON. */
export type ReadEntry = (kind: string, name: string) => string | null | undefined;

/** The catalog of a composition, which is constant: entries are parsed once. */
export function createCatalog(read: ReadEntry | undefined): Catalog {
  const parsed = new Map<string, unknown>();
  const get = (kind: string, name: string): unknown => {
    const key = `${kind} ${name}`;
    if (parsed.has(key)) return parsed.get(key);
    const text = read?.(kind, name) ?? undefined;
    // Names come from clients, so only what exists is kept.
    if (text === undefined) return undefined;
    const entry: unknown = JSON.parse(text);
    parsed.set(key, entry);
    return entry;
  };
  return { get } as Catalog;
}
