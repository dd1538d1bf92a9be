import { CREDENTIALS } from "./contract.ts";
import { withoutVersion } from "./interface.ts";
import type { WiredImport } from "./wiring.ts";

/** Interfaces that a part may have from the host as they are; of any other only what a gate lets through. */
const FREE: ReadonlySet<string> = new Set([
  "tenon:host/log",
  "tenon:mcp/outbox",
  "wasi:clocks/monotonic-clock",
  "wasi:clocks/wall-clock",
  "wasi:io/poll",
  "wasi:random/random",
]);

/** True for an interface, without its version, that every part gets something of without a grant. */
export function isFreeImport(name: string): boolean {
  return FREE.has(name) || /^(?:tenon:mcp|wasi:random)\//.test(name);
}

/**
 * The interfaces that a part has functions of from the host, and should have through a gate if at all, without versions.
 * Credentials are not among them: who may see those is another rule's.
 */
export function ungatedImports(imports: readonly WiredImport[]): string[] {
  return imports
    .filter(({ wires }) => wires.some(({ wire, functions }) => wire.kind === "host" && functions.length > 0))
    .map(({ interface: id }) => withoutVersion(id))
    .filter((name) => !FREE.has(name) && name !== withoutVersion(CREDENTIALS));
}
