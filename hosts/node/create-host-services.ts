import { ToolkitError } from "../../src/errors/index.ts";
import {
  configVariable,
  secretVariable,
  type CoreManifest,
  type Grants,
  type HttpGrant,
} from "../../src/manifest/index.ts";
import type { HostServices, KvStore } from "./host-services.ts";
import { resolveLimits } from "./limits/resolve-limits.ts";
import { configFrom, secretsFrom, type Environment } from "./services/environment.ts";
import { componentKv } from "./services/component-kv.ts";
import type { OutboundHttpOptions } from "./services/outbound-http.ts";
import { createSharedKv } from "./services/shared-kv.ts";

/** Options of {@link createHostServices}. */
export interface CreateHostServicesOptions extends OutboundHttpOptions {
  /** Where keys are kept, as `openKvStore` opens it. Default: a new one in memory. */
  kv?: KvStore;
  /** Holds configuration and secrets, see {@link createHostServices}. Default: `process.env`. */
  environment?: Environment;
}

/**
 * The services a core was granted when it was composed, and no others. Grants of all its parts count together: which part
 * may do what is for the gates inside the core.
 *
 * Configuration comes from variables `TENON_CONFIG_<KEY>` and secrets from `TENON_SECRET_<NAME>`, in upper case with `_`
 * for `-` and `.`; only those of granted names are read, once, now.
 *
 * @throws ToolkitError `ERR_HOST_STORE` when a middleware requires what the store cannot do.
 * @throws TypeError when a limit is not one.
 */
export function createHostServices(
  manifest: CoreManifest,
  options: CreateHostServicesOptions = {},
): HostServices {
  const grants = grantsOf(manifest).map(([, grant]) => grant);
  const environment = options.environment ?? process.env;
  const http = grants.flatMap((grant) => grant.http ?? []);
  const config = new Set(grants.flatMap((grant) => grant.config ?? []));
  const secrets = new Set(grants.flatMap((grant) => grant.secrets?.map(({ name }) => name) ?? []));
  if (options.kv !== undefined) checkFeatures(manifest, options.kv);
  return {
    ...(http.length > 0 && { http: sendLater(http, options) }),
    ...(grants.some(({ kv = [] }) => kv.length > 0) && {
      kv: componentKv(options.kv ?? createSharedKv(resolveLimits(options.limits).kv)),
    }),
    ...(config.size > 0 && { config: configFrom(environment, config) }),
    ...(secrets.size > 0 && { secrets: secretsFrom(environment, secrets) }),
  };
}

/** Loads what sends requests with the first of them: TLS alone takes longer to load than what the first answer needs of HTTP. */
function sendLater(
  grants: readonly HttpGrant[],
  options: OutboundHttpOptions,
): NonNullable<HostServices["http"]> {
  // What is no limit is known at once.
  resolveLimits(options.limits);
  let loading: Promise<NonNullable<HostServices["http"]>> | undefined;
  return async (request, cancelled) => {
    loading ??= import("./services/outbound-http.ts").then(({ createOutboundHttp }) =>
      createOutboundHttp(grants, options),
    );
    const send = await loading;
    return send(request, cancelled);
  };
}

/** A store that cannot keep what a middleware relies on would make it fail open or shut once it runs. */
function checkFeatures({ name, middleware }: CoreManifest, { features }: KvStore): void {
  for (const { as, requires = [] } of middleware) {
    for (const { kv, for: reason } of requires) {
      const lacking = kv?.features?.find((feature) => !features[feature]);
      if (lacking === undefined) continue;
      throw new ToolkitError(
        `Cannot serve "${name}": the store of keys ${lacking === "swap" ? "cannot swap" : "keeps nothing"}, and "${as}" needs it, for: ${reason}`,
        { code: "ERR_HOST_STORE", hint: "Serve it with another store, such as --kv file:<path>" },
      );
    }
  }
}

/** Something a part was granted that the host has no value for. */
export interface UnsetValue {
  /** The part, by its name in the composition. */
  part: string;
  kind: "config" | "secret";
  /** As granted. */
  name: string;
  /** The environment variable that would hold it. */
  variable: string;
}

/** What a core was granted and the environment does not hold. A part may do without a key; without a secret it fails. */
export function unsetValues(manifest: CoreManifest, environment: Environment = process.env): UnsetValue[] {
  return grantsOf(manifest).flatMap(([part, { config = [], secrets = [] }]) => [
    ...config
      .map((name) => ({ part, kind: "config" as const, name, variable: configVariable(name) }))
      .filter(({ variable }) => environment[variable] === undefined),
    ...secrets
      .map(({ name }) => ({ part, kind: "secret" as const, name, variable: secretVariable(name) }))
      .filter(({ variable }) => !environment[variable]),
  ]);
}

function grantsOf({ middleware, providers }: CoreManifest): [part: string, grants: Grants][] {
  return [...middleware, ...providers].map(({ as, grants = {} }) => [as, grants]);
}
