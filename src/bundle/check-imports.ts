import { ToolkitError } from "../errors/index.ts";
import type { CoreManifest, GrantedService, PartManifest } from "../manifest/index.ts";
import type { BundleInput } from "./bundle.ts";
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
  { services, store }: HostDefinition,
  input: BundleInput,
): void {
  const { host: name } = input;
  const unserved = imports.filter((each) => {
    if (SERVED.test(each)) return false;
    const [service] = lentServices([each]);
    if (service === "kv" && store?.(input) === undefined) return true;
    return service === undefined || services[service] === undefined;
  });
  if (unserved.length === 0) return;
  throw new ToolkitError(
    `Cannot bundle "${manifest.name}" for ${name}: it imports what ${name} does not serve`,
    {
      code: "ERR_HOST_CORE",
      details: unserved.map((each) => describe(each, manifest)),
      hint: hintFor(unserved, services),
    },
  );
}

function hintFor(unserved: readonly string[], services: HostDefinition["services"]): string {
  if (!unserved.every((each) => GRANTED.test(each))) {
    return 'Leave out the component that needs it, or run the server with "tenon serve"';
  }
  // A host that could lend it has no store to keep anything in.
  if (unserved.every((each) => services[lentServices([each])[0]!] !== undefined)) {
    return 'Give "--kv instance" where keys may be lost with each instance; else choose a host that keeps them: spin, fastly or "tenon serve"';
  }
  return 'Take these out of "grants" and compose again, or run the server with "tenon serve"';
}

function describe(name: string, { middleware, providers }: CoreManifest): string {
  const service = GRANTED.exec(name)?.[1] as GrantedService | undefined;
  const parts = [...middleware, ...providers].filter(({ grants }) =>
    service === undefined ? grants?.unsafe : grants?.[service] !== undefined,
  );
  const how = service === undefined ? "for the unsafe" : "granted to";
  return parts.length === 0 ? name : `${name}, ${how} ${parts.map((part) => user(part, service)).join(", ")}`;
}

/** A part, and what it needs the store of keys for. */
function user(
  part: CoreManifest["middleware"][number] | PartManifest,
  service: GrantedService | undefined,
): string {
  const needs = "requires" in part && service === "kv" ? (part.requires ?? []) : [];
  const reasons = needs.filter(({ kv }) => kv !== undefined).map((each) => `for: ${each.for}`);
  return `"${part.as}"${reasons.length === 0 ? "" : ` (${reasons.join("; ")})`}`;
}
