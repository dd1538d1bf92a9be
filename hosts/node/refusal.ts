import type { HttpServiceRequest, ServiceFailure } from "./host-services.ts";

/** What the host itself refused a guest, behind the gates: for the log, and without values. */
export interface Refusal {
  interface: string;
  /** What was asked for, cut to some hundred characters. */
  request: string;
  /** Why it was refused. */
  reason: string;
}

/** Lines of one call; beyond, they are counted. */
export const MAX_REFUSALS = 16;

/** Errors of services that are decisions of the host, and not failures. */
const DECISIONS: ReadonlySet<string> = new Set([
  "denied",
  "invalid",
  "invalid-request",
  "too-large",
  "too-many",
]);

const MAX_METHOD = 32;
const MAX_ORIGIN = 320;
const MAX_TEXT = 256;

/** The refusal that an error of a service is; nothing when the service tried and failed. */
export function refusalOf(service: string, request: string, failure: ServiceFailure): Refusal | undefined {
  if (!DECISIONS.has(failure.tag)) return undefined;
  return { interface: `tenon:host/${service}`, request, reason: failure.val ?? failure.tag };
}

/** A request for the log, without its query. */
export function describeRequest({ method, origin, pathWithQuery }: HttpServiceRequest): string {
  const [path = ""] = pathWithQuery.split("?", 1);
  return `${method.slice(0, MAX_METHOD)} ${origin.slice(0, MAX_ORIGIN)}${path.slice(0, MAX_TEXT)}`;
}

/** A question about a key or a name, without what is stored. */
export function describeKey(name: string, key: unknown): string {
  return typeof key === "string" ? `${name} ${key.slice(0, MAX_TEXT)}` : name;
}
