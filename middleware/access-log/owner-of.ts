import type { Catalog, CatalogKind, Request } from "tenon";

/** Which component owns what a request is aimed at. */
export interface Owner {
  /** Name of the provider in the composition. */
  readonly provider: string;
  /** `sha256:` and 64 hexadecimal digits. */
  readonly component: string;
}

type Kind = Exclude<CatalogKind, "server">;

const RESOURCE: readonly Kind[] = ["resource"];
const TOOL: readonly Kind[] = ["tool"];
const KINDS: Readonly<Record<string, readonly Kind[]>> = {
  "tools/call": TOOL,
  "tasks/get": TOOL,
  "tasks/update": TOOL,
  "tasks/cancel": TOOL,
  "prompts/get": ["prompt"],
  "resources/read": RESOURCE,
  "resources/subscribe": RESOURCE,
  "resources/unsubscribe": RESOURCE,
  "completion/complete": ["prompt", "resource-template"],
};

/** The owner of the target of a request; nothing where the composition has no such thing by exactly that name. */
export function ownerOf({ method, target }: Request, catalog: Catalog): Owner | undefined {
  if (target == null || !Object.hasOwn(KINDS, method)) return undefined;
  for (const kind of KINDS[method]!) {
    const entry = catalog.get(kind, target);
    if (entry !== undefined) return { provider: entry.provider, component: entry.digest };
  }
  return undefined;
}
