import { coversRequest } from "../../../src/http/covers-request.ts";
import type { CoreManifest, Grants } from "../../../src/manifest/index.ts";
import type { HttpServiceRequest } from "../host-services.ts";

/**
 * The part that uses a service, as far as grants tell: the host sees one core, and which part of it asks is known only where
 * one part alone was granted what is asked for.
 *
 * @param name `interface.function` of `tenon:host`.
 */
export function partOfService(
  { middleware, providers }: CoreManifest,
  name: string,
  args: readonly unknown[],
): string | undefined {
  const granted = [...middleware, ...providers].filter(({ grants }) => covers(grants ?? {}, name, args[0]));
  return granted.length === 1 ? granted[0]!.as : undefined;
}

function covers(
  { http = [], kv = [], config = [], secrets = [] }: Grants,
  name: string,
  asked: unknown,
): boolean {
  switch (name.split(".", 1)[0]) {
    case "http": {
      const { method, origin, pathWithQuery } = asked as HttpServiceRequest;
      return coversRequest(http, { method, origin, path: pathWithQuery.split("?", 1)[0]! });
    }
    case "kv":
      return asked === undefined ? kv.length > 0 : kv.some((prefix) => String(asked).startsWith(prefix));
    case "config":
      return config.includes(String(asked));
    case "secrets":
      return secrets.some((secret) => secret.name === asked);
    default:
      return false;
  }
}
