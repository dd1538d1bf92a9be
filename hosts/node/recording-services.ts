import { isIP } from "node:net";
import type { CoreManifest } from "../../src/manifest/index.ts";
import { ServiceFailure, type HostServices, type HttpServiceRequest } from "./host-services.ts";
import { componentKv } from "./services/component-kv.ts";
import { configFrom, secretsFrom, type Environment } from "./services/environment.ts";
import { createMemoryKv } from "./services/kv-store.ts";
import { createOutboundHttp, type OutboundHttpOptions } from "./services/outbound-http.ts";
import { isPublicAddress } from "../../src/network/index.ts";

/** Options of {@link createRecordingServices}. */
export interface RecordingOptions extends OutboundHttpOptions {
  /** Holds configuration and secrets. Default: `process.env`. */
  environment?: Environment;
}

/**
 * Services for a run in which it is found out what a core needs: they lend whatever is asked for. Keys are kept in memory.
 * Requests go to public addresses alone, and to those of origins that were granted: a grant of a private one is the
 * operator's own decision.
 */
export function createRecordingServices(
  { middleware, providers }: CoreManifest,
  options: RecordingOptions = {},
): HostServices {
  const environment = options.environment ?? process.env;
  const granted = new Set(
    [...middleware, ...providers].flatMap(({ grants }) => (grants?.http ?? []).map(({ origin }) => origin)),
  );
  const senders = new Map<string, NonNullable<HostServices["http"]>>();
  return {
    http: async (request, signal) => {
      if (!granted.has(request.origin)) checkPublic(request);
      const key = `${request.method} ${request.origin}`;
      const send =
        senders.get(key) ??
        createOutboundHttp([{ origin: request.origin, methods: [request.method] }], options);
      senders.set(key, send);
      return send(request, signal);
    },
    kv: componentKv(createMemoryKv(Date.now)),
    config: (key) => configFrom(environment, new Set([key]))(key),
    secrets: (name) => secretsFrom(environment, new Set([name]))(name),
  };
}

/** Names are looked at when they are resolved; an address, and the name that is let through to loopback, are looked at here. */
function checkPublic({ origin }: HttpServiceRequest): void {
  const host = URL.canParse(origin) ? new URL(origin).hostname.replace(/^\[|\]$/g, "") : "";
  if (host !== "localhost" && (isIP(host) === 0 || isPublicAddress(host))) return;
  throw new ServiceFailure("denied", "a private address is recorded only where it is granted");
}
