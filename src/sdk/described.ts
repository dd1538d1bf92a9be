/** An image that stands for a thing (MCP, "Icon"). */
export interface Icon {
  /** An `https:` or `http:` URL, or a `data:` URL of an image in base64. At most 32,768 characters. */
  readonly src: string;
  /** Such as `image/png`, where the source does not say it or says it too generally. */
  readonly mimeType?: string;
  /** Sizes it fits, such as `48x48`, or `any` for a scalable one. Default: any size. */
  readonly sizes?: readonly string[];
  /** The background it is made for. Default: either. */
  readonly theme?: "light" | "dark";
}

/** Hints about who something is for (MCP, "Annotations"). */
export interface Annotations {
  readonly audience?: readonly ("user" | "assistant")[];
  /** From 0 (optional) to 1 (required). */
  readonly priority?: number;
  /** ISO 8601. */
  readonly lastModified?: string;
}

/**
 * Facts for extensions and for clients that know them, as JSON. A key is a name, or a prefix such as `com.example/` and a
 * name. At most 65,536 characters.
 */
export type Meta = Readonly<Record<string, unknown>>;

/** What the definition of every thing that a server offers may say. */
export interface Described {
  /** Name for people. */
  readonly title?: string;
  readonly description?: string;
  /** At most 16. Default none. */
  readonly icons?: readonly Icon[];
  /** OAuth scopes a caller needs, all of them. Not shown to clients. */
  readonly scopes?: readonly string[];
  /** Shown in lists as it is. Default nothing. */
  readonly _meta?: Meta;
}
