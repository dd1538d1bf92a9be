import { createHash } from "node:crypto";
import { admitCore, attachAdapter } from "../compose/index.ts";
import { ToolkitError } from "../errors/index.ts";
import {
  readManifest,
  toolParameterHeaders,
  type CoreManifest,
  type PartManifest,
} from "../manifest/index.ts";
import { componentResources, importNames } from "../wasm/index.ts";
import { buildHostAdapter, buildHostServices } from "./build-parts.ts";
import { coreImports, lentServices } from "./core-imports.ts";
import { checkImports } from "./check-imports.ts";
import { grantedValues, type GrantedValue } from "./granted-values.ts";
import { buildFront, type FrontFacts } from "./front.ts";
import type { BundleFile, HostDefinition, WatModule } from "./host-definition.ts";
import { fastly } from "./hosts/fastly.ts";
import { spin } from "./hosts/spin.ts";
import { stdio } from "./hosts/stdio.ts";
import { wasmtime } from "./hosts/wasmtime.ts";
import { joinedGrants } from "./joined-grants.ts";
import { checkRateCounters, countedBudgets, uncountedKeys } from "./rate-counters.ts";
import { refuseCore, refuseResources } from "./refuse.ts";
import { checkHttpSettings, DEFAULT_MAX_BODY_BYTES, type HttpSettings } from "./http-settings.ts";
import { checkLogEndpoint } from "./log-endpoint.ts";
import { ENVIRONMENT_VARIABLES, logServices, watComponent } from "./wat-component.ts";

/** A host that runs a bundle. */
export type BundleHost = "wasmtime" | "spin" | "fastly" | "stdio";

/** A place for the key that seals states. */
export type StateKeyPlace = "environment" | "secret-store" | "variable";

/** What {@link bundle} takes. */
export interface BundleInput {
  /** A composed server. Its bytes stay as they are, inside the result. */
  core: Uint8Array;
  host: BundleHost;
  /** How to serve HTTP. Default `{}`; on stdio, `deadlineMs` alone has a meaning and is taken. */
  http?: HttpSettings;
  /**
   * Where the host keeps the key that seals what clients carry while they are asked something; needed for a core that asks.
   * `environment` (wasmtime) is the variable `TENON_STATE_KEY` of the instance, `secret-store` (Fastly) the secret of that
   * name in the secret store `tenon_secrets`, `variable` (Spin) the variable `tenon_state_key` of the application: 32 bytes in base64 or hex, or several keys, of which the first one seals and
   * all open. Default: nowhere.
   */
  stateKey?: StateKeyPlace;
  /**
   * Where keys are kept on a host that has no store of its own: `instance` is the memory of one instance, and ends with it.
   * Default: nowhere, and a core that was granted keys is refused there.
   */
  kv?: "instance";
  /**
   * The absolute path that the bundle will have where it runs, for files that name it to other programs, such as a systemd
   * unit. Default `/opt/<name of the server>`.
   */
  folder?: string;
  /** Spin only: the image that `spin registry push` puts the application in, for SpinKube. Default: nothing for SpinKube. */
  image?: string;
  /**
   * Name of the log endpoint that lines of the log go to, on Fastly only: 1 to 255 letters, digits, spaces and `_ - .`.
   * Default: standard error.
   */
  logEndpoint?: string;
  /**
   * Fastly only: the `keyPrefix` of each `rate-limit` whose budgets are kept by rate counters in place of the KV store. A counter
   * takes any number of writes a second, and is not exact: hosts/fastly/README.md says how far. Default: none.
   */
  rateCounters?: readonly string[];
}

/** What a host needs to run a server. */
export interface Bundle {
  /** The component to run. */
  bytes: Uint8Array;
  /** Where it belongs, relative to the folder of the bundle. */
  artifact: string;
  /** What goes beside it, by name. */
  files: Record<string, BundleFile>;
  /** The command that runs it, in the folder of the bundle. */
  run: string;
  /** `sha256:` and 64 hexadecimal digits: of `core`, whose bytes lie inside. */
  coreDigest: string;
  /** What `core` says of itself. */
  manifest: CoreManifest;
  /** Interfaces that the component takes of its host, sorted. */
  imports: string[];
  /** What whoever runs it has to supply. */
  values: GrantedValue[];
}

const CREDENTIALS = /^tenon:host\/credentials@/;

const HOSTS: Record<BundleHost, HostDefinition> = { wasmtime, spin, fastly, stdio };

/** Every host that bundles are made for. */
export const BUNDLE_HOSTS = Object.keys(HOSTS) as BundleHost[];

/**
 * Puts the adapter of a host around a composed server. Equal input gives equal bytes.
 *
 * @throws ToolkitError `ERR_MANIFEST` when `core` is not a composed server; `ERR_HOST_CORE` when its bytes do not prove its
 * manifest, or it needs what the host does not have, or asks clients and there is no key for that; `ERR_CONFIG` when a setting
 * is not what it must be.
 */
export async function bundle(input: BundleInput): Promise<Bundle> {
  const { core, host: name, http = {} } = input;
  const manifest = readManifest(core);
  if (manifest?.kind !== "core") {
    throw new ToolkitError(`Cannot bundle for ${name}: the component is not a composed server`, {
      code: "ERR_MANIFEST",
      hint: 'Make one with "tenon compose"',
    });
  }
  const plain = HOSTS[name];
  checkRateCounters(plain, input);
  refuseCore(manifest, plain, input);
  const imports = await coreImports(core);
  checkImports(imports, manifest, plain, input);
  await admitCore(core, manifest, `bundle "${manifest.name}" for ${name}`);
  const grants = joinedGrants(manifest);
  const budgets = await countedBudgets(core, manifest, input);
  const hasOtherKeys = uncountedKeys(grants, input.rateCounters).length > 0;
  const host = budgets.length === 0 ? plain : plain.rateCounters!(budgets, hasOtherKeys);
  checkStateKey(manifest, host, input);
  checkHttpSettings(http, host.transport);
  checkLogEndpoint(input);
  const services = lentServices(imports).filter((service) => host.services[service] !== undefined);
  const key = stateKeyModule(manifest, host, input);
  const variables = host.credential === true && imports.some((each) => CREDENTIALS.test(each));
  const needed = new Set([
    ...services.flatMap((service) => {
      const module = host.services[service]!;
      return "wat" in module ? module.wat(grants) : (module.needs ?? []);
    }),
    ...(key === undefined ? [] : [key]),
    ...(variables ? [ENVIRONMENT_VARIABLES] : []),
  ]);
  const notifies = services.includes("outbox");
  const asks = key !== undefined;
  const facts = factsOf(manifest, input);
  const [log, lent, adapter, front, ...others] = await Promise.all([
    logServices(host.log?.(input), host.wit),
    buildHostServices(host, services, grants),
    buildHostAdapter(host, { facts, notifies, asks, variables }),
    host.front === true ? buildFront(manifest, { ...facts, notifications: notifies }, { asks }) : undefined,
    ...[...needed].map((module) => watComponent(module, host.wit)),
  ]);
  const bytes = await attachAdapter({
    core,
    adapter,
    front,
    services: [log, ...others, lent].filter((each) => each !== undefined),
    rename: (each) => each.replace(/^tenon-wasi:/, "wasi:"),
    exports: [host.entryPoint],
  });
  refuseResources(manifest, host, componentResources(bytes), name);
  return {
    bytes,
    artifact: host.artifact,
    files: host.files(manifest, input),
    run: host.run,
    coreDigest: `sha256:${createHash("sha256").update(core).digest("hex")}`,
    manifest,
    imports: importNames(bytes).sort(),
    values: grantedValues(manifest, input),
  };
}

/** What the adapter knows of its server: `HttpFacts` of hosts/wasi. */
function factsOf(manifest: CoreManifest, { http = {}, host }: BundleInput): FrontFacts {
  const { name, version, title, tools, cache, protectedResource } = manifest;
  return {
    maxBodyBytes: HOSTS[host].maxBodyBytes ?? DEFAULT_MAX_BODY_BYTES,
    ...http,
    serverInfo: { name, version, title },
    cacheScope: cache.scope,
    parameterHeaders: toolParameterHeaders(tools),
    protectedResource: protectedResource && JSON.stringify(protectedResource),
    // Fastly routes by host name: a request for a name that is not the service's own does not arrive.
    local: host !== "fastly" && http.allowedHosts === undefined,
  };
}

/** The parts that ask clients. */
function asking({ providers }: CoreManifest): PartManifest[] {
  return providers.filter(({ asks }) => asks === true);
}

/** What keeps the key that seals states: as it was chosen, or where a host takes one by itself, for a core that asks. */
function stateKeyModule(
  manifest: CoreManifest,
  { stateKeys = {} }: HostDefinition,
  { stateKey }: BundleInput,
): WatModule | undefined {
  if (stateKeys === "process") return asking(manifest).length > 0 ? ENVIRONMENT_VARIABLES : undefined;
  return stateKey && stateKeys[stateKey];
}

/** A server that would fail as soon as a tool asks is worse than none. */
function checkStateKey(
  manifest: CoreManifest,
  { stateKeys = {} }: HostDefinition,
  { host, stateKey }: BundleInput,
): void {
  const cannot = `Cannot bundle "${manifest.name}" for ${host}`;
  const places: Partial<Record<string, WatModule>> = stateKeys === "process" ? {} : stateKeys;
  const names = Object.keys(places);
  if (stateKey !== undefined && places[stateKey] === undefined) {
    throw new ToolkitError(`${cannot}: it takes no state key from "${stateKey}"`, {
      code: "ERR_CONFIG",
      ...(names.length > 0 && { hint: `Name ${names.map((each) => `"${each}"`).join(" or ")}` }),
    });
  }
  const parts = asking(manifest);
  if (parts.length === 0 || stateKey !== undefined || stateKeys === "process") return;
  throw new ToolkitError(
    `${cannot}: ${parts.map(({ as }) => `"${as}"`).join(", ")} asks clients, and no key seals what they carry meanwhile`,
    {
      code: "ERR_HOST_CORE",
      hint:
        names.length > 0
          ? `Pass stateKey: "${names[0]}", and give the host TENON_STATE_KEY there, or run the server with "tenon serve"`
          : 'Leave out what asks, or run the server with "tenon serve"',
    },
  );
}
