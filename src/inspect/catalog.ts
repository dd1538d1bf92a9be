import { definitionOf } from "../compose/index.ts";
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
  const entry =
    <Thing extends Hidden>(list: DynamicList, nameOf: (thing: Thing) => string) =>
    (thing: Thing): CatalogEntry<Omit<Thing, keyof Hidden>> =>
      entryOf(list, thing, ownerOf(manifest, list, nameOf(thing)));
  const catalog = {
    tools: tools.map(entry("tools", ({ name }) => name)),
    resources: resources.map(entry("resources", ({ uri }) => uri)),
    resourceTemplates: resourceTemplates.map(entry("resourceTemplates", ({ uriTemplate }) => uriTemplate)),
    prompts: prompts.map(entry("prompts", ({ name }) => name)),
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

/** What an entry of a manifest says and clients do not see. */
interface Hidden {
  scopes?: string[];
  completes?: string[];
}

function entryOf<Thing extends Hidden>(
  list: DynamicList,
  thing: Thing,
  provider: string,
): CatalogEntry<Omit<Thing, keyof Hidden>> {
  const definition = definitionOf(list, thing);
  const { scopes, completes } = thing;
  return {
    provider,
    digest: digestOf(canonicalJson(definition)),
    definition: definition as Omit<Thing, keyof Hidden>,
    ...(scopes && { scopes }),
    ...(completes && { completes }),
  };
}

/** The provider of a thing; an empty name when the manifest gives it to none. */
function ownerOf(manifest: CoreManifest | ProviderManifest, list: DynamicList, name: string): string {
  if (manifest.kind === "provider") return manifest.name;
  return manifest.providers.find((provider) => provider[list]?.includes(name))?.as ?? "";
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
