import type { Grants } from "../manifest/index.ts";

/**
 * What of a grant the gate on one interface can enforce: a gate knows the grants of its whole part, and its code holds
 * those that concern its interface.
 */
export function enforcedBy(id: string, { http, kv, config, secrets = [] }: Grants): Grants {
  const inHeader = secrets.filter(({ header }) => header !== undefined);
  const readable = secrets.filter(({ header }) => header === undefined);
  switch (id.replace(/@.*$/, "")) {
    case "tenon:host/http":
      return { ...(http && { http }), ...(inHeader.length > 0 && { secrets: inHeader }) };
    case "tenon:host/kv":
      return kv ? { kv } : {};
    case "tenon:host/config":
      return config ? { config } : {};
    case "tenon:host/secrets":
      return { secrets: readable };
    default:
      return {};
  }
}
