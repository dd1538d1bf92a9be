import { writeManifest, type ProviderManifest } from "../../src/manifest/index.ts";
import { providerManifest } from "../fixtures/quickjs-component.ts";
import { constantProvider } from "../fixtures/wat-component.ts";

/** The one tool of {@link cities}. */
export const LOOKUP = {
  name: "lookup",
  description: "Looks up a city",
  inputSchema: { type: "object", properties: { city: { type: "string" } } },
};

/** A provider without an engine that answers each call with a text, and may import a service. */
export async function cities(
  text: string,
  change: Partial<ProviderManifest> = {},
  service?: string,
): Promise<Uint8Array> {
  const answer = JSON.stringify({ content: [{ type: "text", text }] });
  const [imports, use] =
    service === undefined ? [[], ""] : [[service], `(import "${service}" "cancel" (func (param i32)))`];
  const capabilities = imports.map((id) => ({ interface: id.replace(/@.*/, "") }));
  return writeManifest(await constantProvider(answer, imports, use), {
    ...providerManifest("cities", []),
    tools: [LOOKUP],
    capabilities,
    ...change,
  });
}
