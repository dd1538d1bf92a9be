import {
  canonicalJson,
  type CoreManifest,
  type DynamicList,
  type Json,
  type ProviderManifest,
} from "../manifest/index.ts";
import { digestOf } from "./digest.ts";
import type { Catalog, CatalogEntry } from "./inspection.ts";

/** What a provider or a composed server offers, each thing with the digest of what clients see of it. */
export function catalogOf(manifest: CoreManifest | ProviderManifest): Catalog {
  const { tools, resources = [], resourceTemplates = [], prompts = [] } = manifest;
  const ownerOf = (list: DynamicList, name: string): string =>
    manifest.kind === "provider"
      ? manifest.name
      : (manifest.providers.find((provider) => provider[list]?.includes(name))?.as ?? "");
  const catalog = {
    tools: tools.map((tool) => entryOf(tool, ownerOf("tools", tool.name))),
    resources: resources.map((each) => entryOf(each, ownerOf("resources", each.uri))),
    resourceTemplates: resourceTemplates.map((each) =>
      entryOf(each, ownerOf("resourceTemplates", each.uriTemplate)),
    ),
    prompts: prompts.map((prompt) => entryOf(prompt, ownerOf("prompts", prompt.name))),
    dynamic: dynamicLists(manifest),
  };
  const seen = {
    tools: definitions(catalog.tools),
    resources: definitions(catalog.resources),
    resourceTemplates: definitions(catalog.resourceTemplates),
    prompts: definitions(catalog.prompts),
    dynamic: catalog.dynamic.map(({ list }) => list),
  };
  return { digest: digestOf(canonicalJson(seen)), ...catalog };
}

function entryOf<Thing extends { scopes?: string[]; completes?: string[] }>(
  { scopes, completes, ...definition }: Thing,
  provider: string,
): CatalogEntry<Omit<Thing, "completes" | "scopes">> {
  return {
    provider,
    digest: digestOf(canonicalJson(definition as Json)),
    definition,
    ...(scopes && { scopes }),
    ...(completes && { completes }),
  };
}

function definitions(entries: readonly CatalogEntry<unknown>[]): Json {
  return entries.map(({ definition }) => definition as Json);
}

function dynamicLists(manifest: CoreManifest | ProviderManifest): Catalog["dynamic"] {
  const providers =
    manifest.kind === "provider" ? [{ as: manifest.name, dynamic: manifest.dynamic }] : manifest.providers;
  return providers
    .flatMap(({ as, dynamic = [] }) => dynamic.map((list) => ({ list, provider: as })))
    .sort((a, b) => (a.list < b.list ? -1 : a.list > b.list ? 1 : 0));
}
