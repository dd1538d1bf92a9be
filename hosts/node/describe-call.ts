import type { CoreManifest } from "../../src/manifest/index.ts";
import type { McpRequest } from "../../src/protocol/index.ts";

/** Names of the parts that own what requests are aimed at, by {@link key}. */
export type Owners = ReadonlyMap<string, string>;

const MAX_TARGET = 200;

/** Who owns which tool, resource and prompt of a core. */
export function ownersOf({ providers }: CoreManifest): Owners {
  return new Map(
    providers.flatMap(({ as, tools, resources = [], prompts = [] }) => [
      ...tools.map((name) => [key("tools/call", name), as] as const),
      ...resources.map((uri) => [key("resources/read", uri), as] as const),
      ...prompts.map((name) => [key("prompts/get", name), as] as const),
    ]),
  );
}

const METHODS: ReadonlySet<string> = new Set([
  "completion/complete",
  "prompts/get",
  "prompts/list",
  "resources/list",
  "resources/read",
  "resources/templates/list",
  "server/discover",
  "tools/call",
  "tools/list",
]);

/**
 * What a call is blamed on when it fails: the provider that owns its target, by its name in quotes, or where none is known
 * the method, since clients name what they like.
 */
export function partOf({ method, target }: McpRequest, owners: Owners): string {
  const owner = target === undefined || target === null ? undefined : owners.get(key(method, target));
  if (owner !== undefined) return `"${owner}"`;
  return METHODS.has(method) ? method : "other methods";
}

/** What the log calls a call: `tools/call "add" of "calculator"`. */
export function describeCall({ method, target }: McpRequest, owners: Owners): string {
  if (target === undefined || target === null) return method;
  const owner = owners.get(key(method, target));
  const shown = JSON.stringify(target.length > MAX_TARGET ? `${target.slice(0, MAX_TARGET)}…` : target);
  return `${method} ${shown}${owner === undefined ? "" : ` of "${owner}"`}`;
}

function key(method: string, target: string): string {
  return `${method} ${target}`;
}
