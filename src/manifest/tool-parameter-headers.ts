import { parameterHeaders, type ParameterHeader } from "../http/parameter-headers.ts";
import type { ToolManifest } from "./manifest.ts";

/** The arguments that travel as header fields, by the name of their tool; tools without any are left out. */
export function toolParameterHeaders(
  tools: readonly ToolManifest[],
): Record<string, readonly ParameterHeader[]> {
  return Object.fromEntries(
    tools.flatMap(({ name, inputSchema }) => {
      // A manifest that was read or written has passed this reading.
      const { headers = [] } = parameterHeaders(inputSchema);
      return headers.length === 0 ? [] : [[name, headers] as const];
    }),
  );
}
