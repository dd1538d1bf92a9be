import { ToolkitError } from "../errors/index.ts";
import type { AppliedRequirement, CoreManifest } from "../manifest/index.ts";
import type { ComponentResources } from "../wasm/index.ts";
import type { BundleInput } from "./bundle.ts";
import type { HostDefinition, Refusal, StoreFeature } from "./host-definition.ts";

/**
 * Refuses a core that needs what its host cannot keep or enforce: a server that fails only when it is called is worse than none.
 *
 * @throws ToolkitError `ERR_HOST_CORE` with every reason, and the ways out.
 */
export function refuseCore(core: CoreManifest, host: HostDefinition, input: BundleInput): void {
  throwFirst(core, input.host, [
    ...core.middleware.flatMap(({ as, requires = [] }) => [
      ...requires.flatMap((each) => refusePeer(as, each, host, input)),
      ...requires.flatMap((each) => refuseStore(as, each, requires, host, input)),
    ]),
    ...refuseTasks(core, input),
    ...(host.refuse?.(core, input) ?? []),
  ]);
}

/**
 * Refuses a bundle that is more than its host starts.
 *
 * @throws ToolkitError `ERR_HOST_CORE` with every limit it is over.
 */
export function refuseResources(
  core: CoreManifest,
  { maximum = {} }: Pick<HostDefinition, "maximum">,
  resources: ComponentResources,
  host: string,
): void {
  const over = (Object.keys(maximum) as (keyof ComponentResources)[]).filter(
    (each) => resources[each] > maximum[each]!,
  );
  throwFirst(
    core,
    host,
    over.map((each) => ({
      reason: `it has ${resources[each]} ${NAMES[each]}, and ${maximum[each]} are the most`,
      hint: "Put tools into fewer providers, or use less middleware",
    })),
  );
}

const NAMES: Record<keyof ComponentResources, string> = {
  instances: "core instances",
  memories: "memories",
  tables: "tables",
};

/** @throws ToolkitError `ERR_HOST_CORE` with every reason, unless there is none. */
export function throwFirst(core: CoreManifest, host: string, refusals: readonly Refusal[]): void {
  const [first, ...others] = refusals;
  if (first === undefined) return;
  throw new ToolkitError(`Cannot bundle "${core.name}" for ${host}: ${first.reason}`, {
    code: "ERR_HOST_CORE",
    details: others.map(({ reason }) => reason),
    hint: [...new Set(refusals.map(({ hint }) => hint))].join("; "),
  });
}

function refusePeer(
  as: string,
  { peer, for: reason }: AppliedRequirement,
  host: HostDefinition,
  input: BundleInput,
): Refusal[] {
  if (peer === undefined || host.peer === true) return [];
  return [
    {
      reason: `"${as}" needs the address of the client, which ${input.host} does not tell, for: ${reason}`,
      hint: `Change the settings of "${as}", or limit addresses in front of ${input.host}`,
    },
  ];
}

/** What a store with a feature can do. */
const DOES: Record<StoreFeature, string> = { persistent: "keep values", swap: "swap" };

function refuseStore(
  as: string,
  { kv, for: reason }: AppliedRequirement,
  others: readonly AppliedRequirement[],
  host: HostDefinition,
  input: BundleInput,
): Refusal[] {
  const has = host.store?.(input) ?? [];
  const lacking = (kv?.features ?? []).filter((each) => !has.includes(each));
  if (lacking.length === 0) return [];
  return [
    {
      reason: `"${as}" needs a store that can ${lacking.map((each) => DOES[each]).join(" and ")}, which ${input.host} does not have, for: ${reason}`,
      hint: others.some(({ http }) => http === "jwksUri")
        ? `Compose with "--snapshot-jwks", which puts the keys of today into the core, or choose a host with such a store`
        : `Change the settings of "${as}", such as "approximate" of rate-limit, or choose a host with such a store: spin, fastly or "tenon serve"`,
    },
  ];
}

/** A tool whose calls can only be tasks could never be called: instances that end with a request keep none. */
function refuseTasks({ tools }: CoreManifest, { host }: BundleInput): Refusal[] {
  return tools
    .filter(({ task }) => task === "required")
    .map(({ name }) => ({
      reason: `calls of the tool "${name}" have to be tasks, which ${host} does not keep`,
      hint: `Make tasks optional for "${name}", or run the server with "tenon serve"`,
    }));
}
