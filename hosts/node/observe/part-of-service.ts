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
      // What asks for no key, such as what the store can do, is for whoever may use any.
      return typeof asked === "string" ? kv.some((prefix) => asked.startsWith(prefix)) : kv.length > 0;
    case "config":
      return config.some((key) => key === asked);
    case "secrets":
      return secrets.some((secret) => secret.name === asked);
    default:
      return false;
  }
}
