import { ToolkitError } from "../errors/index.ts";
import type { CoreManifest, GrantedService, PartManifest } from "../manifest/index.ts";
import type { BundleHost } from "./bundle.ts";
import { lentServices } from "./core-imports.ts";
import type { HostDefinition } from "./host-definition.ts";

/** What every bundle has. */
const SERVED =
  /^(?:tenon:mcp\/(?:types|outbox)|tenon:host\/(?:log|credentials)|wasi:(?:clocks|io|random)\/[a-z-]+)@/;

/** Services that a part gets by a grant. */
const GRANTED = /^tenon:host\/(http|kv|config|secrets)@/;

/**
 * Refuses a core that imports what its host would have to leave out: a server that is denied something only once it
 * runs there is worse than none.
 *
 * @throws ToolkitError `ERR_HOST_CORE` naming every such import, and who was granted it.
 */
export function checkImports(
  imports: readonly string[],
  manifest: CoreManifest,
  name: BundleHost,
  { services }: HostDefinition,
): void {
  const unserved = imports.filter((each) => {
    if (SERVED.test(each)) return false;
    const [service] = lentServices([each]);
    return service === undefined || services[service] === undefined;
  });
  if (unserved.length === 0) return;
  throw new ToolkitError(
    `Cannot bundle "${manifest.name}" for ${name}: it imports what ${name} does not serve`,
    {
      code: "ERR_HOST_CORE",
      details: unserved.map((each) => describe(each, manifest)),
      hint: unserved.every((each) => GRANTED.test(each))
        ? 'Take these out of "grants" and compose again, or run the server with "tenon serve"'
        : 'Leave out the component that needs it, or run the server with "tenon serve"',
    },
  );
}

function describe(name: string, { middleware, providers }: CoreManifest): string {
  const service = GRANTED.exec(name)?.[1] as GrantedService | undefined;
  const parts = [...middleware, ...providers].filter(({ grants }) =>
    service === undefined ? grants?.unsafe : grants?.[service] !== undefined,
  );
  const how = service === undefined ? "for the unsafe" : "granted to";
  return parts.length === 0 ? name : `${name}, ${how} ${parts.map((part) => user(part, service)).join(", ")}`;
}

/** What a store with a feature can do. */
const DOES = { persistent: "keep values", swap: "swap" } as const;

/** A part, and what it needs the store of keys for. */
function user(
  part: CoreManifest["middleware"][number] | PartManifest,
  service: GrantedService | undefined,
): string {
  const needs = "requires" in part && service === "kv" ? (part.requires ?? []) : [];
  const reasons = needs.flatMap(({ kv, for: reason }) => {
    if (kv === undefined) return [];
    const features = kv.features ?? [];
    return [
      `${features.length === 0 ? "" : `one that can ${features.map((each) => DOES[each]).join(" and ")}, `}for: ${reason}`,
    ];
  });
  return `"${part.as}"${reasons.length === 0 ? "" : ` (${reasons.join("; ")})`}`;
}
