import type { CoreManifest } from "../manifest/index.ts";
import { readKeys } from "./read-keys.ts";

/**
 * Reads the keys that seal what clients carry: from the source `--state-key` names, else from `TENON_STATE_KEY`. The first
 * one seals.
 *
 * @throws ToolkitError as {@link readKeys} says.
 */
export function readStateKeys(source: string | undefined): Promise<Uint8Array[] | undefined> {
  return readKeys(source, {
    name: "state key",
    command: "serve",
    option: "state-key",
    variable: "TENON_STATE_KEY",
  });
}

/** Says what a server without a key of its own cannot do, when its core asks clients. */
export function stateKeyWarnings(manifest: CoreManifest, keys: readonly Uint8Array[] | undefined): string[] {
  const part = keys === undefined ? manifest.providers.find(({ asks }) => asks === true) : undefined;
  if (part === undefined) return [];
  return [
    `"${part.as}" asks clients, and no --state-key is given: a random key is used, so requests that wait for an answer do not outlive this process`,
  ];
}
