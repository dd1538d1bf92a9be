/** Interfaces a component may import, as `wit/` has them. */
const HOST_INTERFACES: readonly string[] = [
  "tenon:host/config@0.1.0",
  "tenon:host/credentials@0.1.0",
  "tenon:host/http@0.1.0",
  "tenon:host/kv@0.1.0",
  "tenon:host/log@0.1.0",
  "tenon:host/secrets@0.1.0",
  "tenon:mcp/catalog@0.1.0",
  "tenon:mcp/handler@0.1.0",
  "tenon:mcp/outbox@0.1.0",
  "wasi:clocks/monotonic-clock@0.2.0",
  "wasi:random/random@0.2.0",
];

/** Interfaces that are wired without a grant, so a component does not ask for them. */
const ALWAYS_WIRED: ReadonlySet<string> = new Set(["tenon:host/log@0.1.0"]);

/** Matches an import of a WIT interface: `namespace:package/interface`, with or without a version. */
export const INTERFACE_PATTERN: RegExp = /^[a-z][a-z0-9-]*:[a-z][a-z0-9-]*\/[a-z][a-z0-9-]*(?:@[0-9][^/]*)?$/;

/** What is wrong with an import of an interface; nothing when the contract has it. */
export function interfaceProblem(name: string): string | undefined {
  if (HOST_INTERFACES.includes(name)) return undefined;
  const known = HOST_INTERFACES.find((candidate) => withoutVersion(candidate) === withoutVersion(name));
  if (known !== undefined) return `the interface is "${known}"`;
  return `there is no such host interface; there are ${HOST_INTERFACES.join(", ")}`;
}

/** The interfaces among a component's imports that need a grant, without version. */
export function capabilitiesOf(imports: readonly string[]): { interface: string }[] {
  return imports
    .filter((name) => name.startsWith("tenon:host/") && !ALWAYS_WIRED.has(name))
    .map((name) => ({ interface: withoutVersion(name) }));
}

function withoutVersion(name: string): string {
  return name.replace(/@.*$/, "");
}
