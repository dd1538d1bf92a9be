import type { ProviderManifest } from "../manifest/index.ts";

/** What a provider, or several, offer: names, URIs and URI templates. Kinds with nothing in them are absent. */
export interface Offers {
  tools?: string[];
  resources?: string[];
  resourceTemplates?: string[];
  prompts?: string[];
}

const LABELS: Readonly<Record<keyof Offers, string>> = {
  tools: "tools",
  resources: "resources",
  resourceTemplates: "templates",
  prompts: "prompts",
};

/** What one provider offers. */
export function offersOf(manifest: ProviderManifest): Offers {
  const { tools, resources = [], resourceTemplates = [], prompts = [] } = manifest;
  const offers = {
    tools: tools.map(({ name }) => name),
    resources: resources.map(({ uri }) => uri),
    resourceTemplates: resourceTemplates.map(({ uriTemplate }) => uriTemplate),
    prompts: prompts.map(({ name }) => name),
  };
  return Object.fromEntries(Object.entries(offers).filter(([, names]) => names.length > 0));
}

/** One line for each kind. */
export function offerLines(offers: Offers): string[] {
  return (Object.keys(LABELS) as (keyof Offers)[]).flatMap((kind) => {
    const names = offers[kind] ?? [];
    return names.length > 0 ? [fact(LABELS[kind], names.join(", "))] : [];
  });
}

/** A line of a command's report. */
export function fact(label: string, value: string): string {
  return `  ${label.padEnd(9)} ${value}`;
}
