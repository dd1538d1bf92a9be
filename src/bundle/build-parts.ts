import { readFileSync } from "node:fs";
import { dirname } from "node:path";
import { buildAdapter, type AdapterInput } from "../build/index.ts";
import { ownModule, packageFile } from "../package/index.ts";
import { worldSource } from "../wit/index.ts";
import type { HostDefinition, LentService } from "./host-definition.ts";
import type { JoinedGrants } from "./joined-grants.ts";

/** The services in one component: two engines would cost more. */
const SERVICE_INTERFACES: Record<LentService, string> = {
  config: "tenon:host/config@0.1.0",
  http: "tenon:host/http@0.1.0",
  kv: "tenon:host/kv@0.1.0",
  outbox: "tenon:mcp/outbox@0.1.0",
  secrets: "tenon:host/secrets@0.1.0",
};

const COMMON_IMPORTS = ["tenon:host/log@0.1.0", "wasi:random/random@0.2.0"];
const ADAPTER_IMPORTS = [...COMMON_IMPORTS, "tenon:adapter/call@0.1.0", "tenon:mcp/handler@0.1.0"];
const REPLY = "tenon:streaming/reply@0.1.0";
const STATE_KEY = "tenon:adapter/state-key@0.1.0";
const ENVIRONMENT = "tenon:adapter/environment@0.1.0";
const SHARED_WIT = ["wasi/wit/adapter.wit"];

/** What the adapter of a bundle is made of. */
interface AdapterParts {
  facts: object;
  /** The core notifies. */
  notifies: boolean;
  /** The core asks clients. */
  asks: boolean;
  /** The adapter reads variables of its own. */
  variables: boolean;
}

/** Builds the adapter of a host with the facts of a core inside. */
export async function buildHostAdapter(
  host: HostDefinition,
  { facts, notifies, asks, variables }: AdapterParts,
): Promise<Uint8Array> {
  const { module, imports } = host.adapter;
  const lines = [
    `import { createAdapter } from ${JSON.stringify(modulePath(module))};`,
    ...(notifies ? [`import * as reply from "${REPLY}";`] : []),
    ...(asks ? [`import { get as getKeys } from "${STATE_KEY}";`] : []),
    ...(variables ? [`import { get as getVariable } from "${ENVIRONMENT}";`] : []),
    // Parsed, because a name in them may be "__proto__".
    `const parts = { facts: JSON.parse(${JSON.stringify(JSON.stringify(facts))})${notifies ? ", reply" : ""}${asks ? ", getKeys" : ""}${variables ? ", getVariable" : ""} };`,
    `export const { ${camelCase(host.adapterExport)} } = createAdapter(parts);`,
  ];
  const wit = hostWorld(host, {
    imports: [
      ...ADAPTER_IMPORTS,
      ...imports,
      ...(notifies ? [REPLY] : []),
      ...(asks ? [STATE_KEY] : []),
      ...(variables ? [ENVIRONMENT] : []),
    ],
    exports: [host.adapterExport],
  });
  // Behind a front most requests do not need the adapter.
  return build(lines, wit, { startsLate: host.front === true });
}

/**
 * Builds one component of the services that a core imports and that have an engine; nothing when there are none.
 *
 * @param grants What all parts of the core may use together: `GRANTS` to the modules.
 */
export async function buildHostServices(
  host: HostDefinition,
  services: readonly LentService[],
  grants: JoinedGrants,
): Promise<Uint8Array | undefined> {
  const modules = services.flatMap((service) => {
    const module = host.services[service]!;
    return "wat" in module ? [] : [{ service, ...module }];
  });
  if (modules.length === 0) return undefined;
  const lines = modules.map(({ service, module, exports = [] }) => {
    const names = [service, ...exports.map(camelCase)].join(", ");
    return `export { ${names} } from ${JSON.stringify(modulePath(module))};`;
  });
  const wit = hostWorld(host, {
    imports: [...new Set([...COMMON_IMPORTS, ...modules.flatMap(({ imports }) => imports)])],
    exports: modules.flatMap(({ service, exports = [] }) => [SERVICE_INTERFACES[service], ...exports]),
  });
  return build(lines, wit, { constants: { GRANTS: grants, ...host.constants?.(grants) } });
}

async function build(
  lines: readonly string[],
  wit: string,
  options: Pick<AdapterInput, "constants" | "startsLate">,
): Promise<Uint8Array> {
  const { bytes } = await buildAdapter({
    source: lines.join("\n"),
    folder: dirname(modulePath("adapter")),
    wit,
    world: "built",
    ...options,
  });
  return bytes;
}

function modulePath(module: string): string {
  return ownModule("hosts", ...module.split("/"));
}

function hostWorld(
  { wit }: HostDefinition,
  world: { imports: readonly string[]; exports: readonly string[] },
): string {
  const files = [...SHARED_WIT, ...wit].map((file) =>
    readFileSync(packageFile("hosts", ...file.split("/")), "utf8"),
  );
  return worldSource({ name: "built", ...world }, files);
}

/** `wasi:http/incoming-handler@0.2.0` is `incomingHandler` to the engine. */
function camelCase(name: string): string {
  return name
    .replace(/^.*\//, "")
    .replace(/@.*$/, "")
    .replaceAll(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
}
