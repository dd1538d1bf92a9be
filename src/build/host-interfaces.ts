import type { CapabilityRequest } from "../manifest/index.ts";

/** The interface that only middleware which authenticates is given. */
export const CREDENTIALS = "tenon:host/credentials";

/** Interfaces a component may import, as `wit/` has them. */
const HOST_INTERFACES: readonly string[] = [
  "tenon:host/config@0.1.0",
  "tenon:host/credentials@0.1.0",
  "tenon:host/http@0.1.0",
  "tenon:host/kv@0.1.0",
  "tenon:host/log@0.1.0",
  "tenon:host/secrets@0.1.0",
  "tenon:mcp/audit@0.1.0",
  "tenon:mcp/catalog@0.1.0",
  "tenon:mcp/crypto@0.1.0",
  "tenon:mcp/handler@0.1.0",
  "tenon:mcp/outbox@0.1.0",
  "wasi:clocks/monotonic-clock@0.2.0",
  "wasi:random/random@0.2.0",
];

/** Interfaces that need a grant, and what a definition's `capabilities` call them. */
const DECLARED: Readonly<Record<string, string>> = {
  "tenon:host/config": "config",
  "tenon:host/http": "http",
  "tenon:host/kv": "kv",
  "tenon:host/secrets": "secrets",
};

/** Matches an import of a WIT interface: `namespace:package/interface`, with or without a version. */
export const INTERFACE_PATTERN: RegExp = /^[a-z][a-z0-9-]*:[a-z][a-z0-9-]*\/[a-z][a-z0-9-]*(?:@[0-9][^/]*)?$/;

/** What is wrong with an import of an interface; nothing when the contract has it. */
export function interfaceProblem(name: string): string | undefined {
  if (HOST_INTERFACES.includes(name)) return undefined;
  const known = HOST_INTERFACES.find((candidate) => withoutVersion(candidate) === withoutVersion(name));
  if (known !== undefined) return `the interface is "${known}"`;
  return `there is no such host interface; there are ${HOST_INTERFACES.join(", ")}`;
}

/**
 * What a component asks for: what its definition declares, and the caller's credentials if it imports them, which only
 * middleware gets.
 *
 * @param imports Interfaces that the author's modules import.
 * @throws Error naming what they import and the definition does not declare.
 */
export function capabilitiesOf(
  imports: readonly string[],
  declared: readonly CapabilityRequest[],
): CapabilityRequest[] {
  const names = imports.map(withoutVersion);
  for (const name of names) {
    const capability = DECLARED[name];
    if (capability === undefined || declared.some((item) => item.interface === name)) continue;
    throw new Error(
      `it imports "${name}" and does not declare it: add capabilities: { ${capability}: "why" } to the definition`,
    );
  }
  return names.includes(CREDENTIALS) ? [{ interface: CREDENTIALS }, ...declared] : [...declared];
}

function withoutVersion(name: string): string {
  return name.replace(/@.*$/, "");
}
