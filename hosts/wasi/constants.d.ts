// What a bundle writes in the place of free identifiers of the services.

/** What all parts of the core may use together. */
declare const GRANTS: {
  readonly http: readonly {
    readonly origin: string;
    readonly methods?: readonly string[];
    readonly paths?: readonly string[];
  }[];
  /** Prefixes of keys. */
  readonly kv: readonly string[];
  readonly config: readonly { readonly name: string; readonly variable: string }[];
  readonly secrets: readonly { readonly name: string; readonly variable: string }[];
};
