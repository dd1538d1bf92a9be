import {
  canonicalJson,
  type CoreManifest,
  type Grants,
  type Json,
  type MiddlewareManifest,
  type ProviderManifest,
} from "../manifest/index.ts";
import type { PartInspection } from "./inspection.ts";

const HANDLER = "tenon:mcp/handler";
const PROVIDER = "tenon:mcp/provider";
const CREDENTIALS = "tenon:host/credentials";

/** Interfaces that a manifest must ask for, because a grant or a role opens them. */
const ASKED_FOR = ["tenon:host/http", "tenon:host/kv", "tenon:host/secrets", CREDENTIALS];

/** Interfaces that a part may have from the host as they are; of any other only what a gate lets through. */
const FREE = new Set([
  "tenon:host/log",
  "tenon:mcp/outbox",
  "wasi:clocks/monotonic-clock",
  "wasi:clocks/wall-clock",
  "wasi:io/poll",
  "wasi:random/random",
]);

/** Where the manifest of a component that is not composed says what its imports and exports do not bear out. */
export function componentContradictions(
  manifest: MiddlewareManifest | ProviderManifest,
  imports: readonly string[],
  exports: readonly string[],
): string[] {
  const found: string[] = [];
  const role = manifest.kind === "provider" ? PROVIDER : HANDLER;
  if (!has(exports, role)) {
    found.push(`The manifest says ${manifest.kind}, and the bytes do not export ${role}`);
  }
  if (manifest.kind === "middleware" && !has(imports, HANDLER)) {
    found.push(`The manifest says middleware, and the bytes do not import ${HANDLER}`);
  }
  if (manifest.kind === "provider" && has(imports, HANDLER)) {
    found.push(`The manifest says provider, and the bytes import ${HANDLER}`);
  }
  return [...found, ...unasked("The component", manifest.capabilities, imports)];
}

/** What the bytes of a composed server turned out to hold. */
export interface CoreFindings {
  chain: readonly string[];
  providers: readonly string[];
  parts: readonly PartInspection[];
  stubs: readonly string[];
  /** What is already known to be wrong. */
  mistakes: readonly string[];
}

/** Where the manifest of a composed server says what its bytes do not bear out. */
export function coreContradictions(
  manifest: CoreManifest,
  { chain, providers, parts, stubs, mistakes }: CoreFindings,
): string[] {
  const claimed = {
    chain: manifest.middleware.map(({ as }) => as),
    providers: manifest.providers.map(({ as }) => as),
  };
  const reached = [...chain, ...providers];
  const unreached = parts.filter(({ as, code }) => code !== undefined && !reached.includes(as));
  return [
    ...differentParts("the chain", claimed.chain, chain),
    ...differentParts("the list of providers", claimed.providers, providers),
    ...unreached.map(({ as }) => `The bytes hold ${quote(as)}, and no request reaches it`),
    ...mistakes,
    ...parts.flatMap(partContradictions),
    ...differentStubs(manifest.stubs, stubs),
    ...missingAuthentication(manifest, parts),
  ];
}

function differentParts(what: string, claimed: readonly string[], actual: readonly string[]): string[] {
  return claimed.join(" ") === actual.join(" ")
    ? []
    : [`The manifest says that ${what} is ${quoted(claimed)}, and the bytes have ${quoted(actual)}`];
}

function partContradictions(part: PartInspection): string[] {
  const found = unasked(
    quote(part.as),
    part.capabilities,
    part.imports.map((each) => each.interface),
  );
  const enforced: Record<keyof Grants, string[]> = { http: [], kv: [], config: [], secrets: [] };
  for (const { interface: id, wires } of part.imports) {
    const name = withoutVersion(id);
    for (const wire of wires) {
      if (wire.kind === "unknown") {
        found.push(`${quote(part.as)} has ${name} from something that this version of tenon does not make`);
      } else if (wire.kind === "host" && wire.functions.length > 0 && !isFree(name, part)) {
        found.push(`${quote(part.as)} has ${name} from the host without a gate`);
      } else if (wire.kind === "gate" && wire.grant === undefined) {
        found.push(
          `The gate before ${name} of ${quote(part.as)} is not one that this version of tenon makes`,
        );
      } else if (wire.kind === "gate") {
        for (const service of SERVICES) enforced[service].push(...itemsOf(wire.grant, service));
      }
    }
  }
  for (const service of SERVICES) {
    const claimed = itemsOf(part.grants, service).sort().join(", ");
    const actual = enforced[service].sort().join(", ");
    if (claimed === actual) continue;
    found.push(
      `The manifest grants ${quote(part.as)} ${service} ${claimed || "nothing"}, and its gate lets ${actual || "nothing"} through`,
    );
  }
  return found;
}

/** Middleware sees credentials: that is how a caller is authenticated. */
function isFree(name: string, { role }: PartInspection): boolean {
  return FREE.has(name) || (name === CREDENTIALS && role === "middleware");
}

const SERVICES = ["http", "kv", "config", "secrets"] as const;

function itemsOf(grants: Grants | undefined, service: keyof Grants): string[] {
  return ((grants?.[service] ?? []) as Json[]).map(canonicalJson);
}

/** Functions that the manifest says are denied and that are not, or that are without its saying so. */
function differentStubs(claimed: readonly string[], actual: readonly string[]): string[] {
  const open = claimed.filter((name) => !actual.includes(name));
  const shut = actual.filter((name) => !claimed.includes(name));
  return [
    ...listed(open, (names) => `The manifest says that stubs deny ${names}, and no stub of the bytes does`),
    ...listed(shut, (names) => `Stubs of the bytes deny ${names}, and the manifest does not say so`),
  ];
}

const MAX_LISTED = 5;

function listed(names: readonly string[], sentence: (names: string) => string): string[] {
  if (names.length === 0) return [];
  const more = names.length > MAX_LISTED ? ` and ${names.length - MAX_LISTED} more` : "";
  return [sentence(names.slice(0, MAX_LISTED).join(", ") + more)];
}

/** `authenticated` is a promise that some middleware sees the credential. */
function missingAuthentication(manifest: CoreManifest, parts: readonly PartInspection[]): string[] {
  const sees = parts.some(
    ({ role, imports }) =>
      role === "middleware" &&
      imports.some(
        ({ interface: id, wires }) =>
          withoutVersion(id) === CREDENTIALS && wires.some(({ kind }) => kind === "host"),
      ),
  );
  return manifest.access === "authenticated" && !sees
    ? ['The manifest says access is "authenticated", and no middleware of the bytes sees a credential']
    : [];
}

/** Imports that a manifest must name and does not. */
function unasked(
  who: string,
  capabilities: readonly { interface: string }[],
  imports: readonly string[],
): string[] {
  const asked = new Set(capabilities.map((each) => each.interface));
  return imports
    .map(withoutVersion)
    .filter((name) => ASKED_FOR.includes(name) && !asked.has(name))
    .map((name) => `${who} imports ${name}, and its manifest does not ask for it`);
}

function has(names: readonly string[], name: string): boolean {
  return names.some((each) => withoutVersion(each) === name);
}

function withoutVersion(id: string): string {
  return id.replace(/@.*$/, "");
}

function quoted(names: readonly string[]): string {
  return names.map(quote).join(", ") || "none";
}

function quote(name: string): string {
  return `"${name}"`;
}
