import { ToolkitError } from "../errors/index.ts";
import type { CoreManifest, GrantedService, PartManifest } from "../manifest/index.ts";
import type { BundleHost } from "./bundle.ts";

/** What the services and every host of bundles have. */
const SERVED = /^(?:tenon:mcp\/(?:types|outbox)|tenon:host\/log|wasi:(?:clocks|io|random)\/[a-z-]+)@/;

/** Services that a part gets by a grant, and that only the Node host lends so far. */
const GRANTED = /^tenon:host\/(http|kv|config|secrets)@/;

/**
 * Refuses a core that imports what its host would have to leave out: a server that is denied something only once it
 * runs there is worse than none.
 *
 * @throws ToolkitError `ERR_HOST_CORE` naming every such import, and who was granted it.
 */
export async function checkImports(
  core: Uint8Array,
  manifest: CoreManifest,
  host: BundleHost,
): Promise<void> {
  const { componentWit } = await import("@bytecodealliance/jco-transpile/wasm-tools");
  const world = await componentWit(core);
  const imports = [...world.matchAll(/^ {2}import ([^;]+);$/gm)].map((match) => match[1]!);
  const unserved = imports.filter((each) => !SERVED.test(each));
  if (unserved.length === 0) return;
  throw new ToolkitError(
    `Cannot bundle "${manifest.name}" for ${host}: it imports what ${host} does not serve`,
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
