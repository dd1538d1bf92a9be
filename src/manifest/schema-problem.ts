import { schemaProblem } from "../json-schema/index.ts";
import type { JsonSchema } from "./manifest.ts";

/** The parts of a manifest that have schemas. */
interface Described {
  readonly tools?: readonly {
    readonly name: string;
    readonly inputSchema: JsonSchema;
    readonly outputSchema?: JsonSchema | undefined;
  }[];
  readonly settingsSchema?: JsonSchema;
  readonly requires?: readonly { readonly when?: JsonSchema }[];
}

/**
 * Why a schema of a definition cannot be served, in words that name it; nothing when all can.
 *
 * @param ownPatterns Patterns that come with a library of schemas.
 */
export async function definitionProblem(
  { tools = [], settingsSchema, requires = [] }: Described,
  ownPatterns: readonly string[],
): Promise<string | undefined> {
  const schemas: (readonly [what: string, schema: JsonSchema | undefined])[] = [
    ...tools.flatMap(({ name, inputSchema, outputSchema }) => [
      [`the input of tool "${name}"`, inputSchema] as const,
      [`the output of tool "${name}"`, outputSchema] as const,
    ]),
    ["the settings", settingsSchema],
    ...requires.map(({ when }, i) => [`requires[${i}].when`, when] as const),
  ];
  const known = new Set(ownPatterns);
  for (const [what, schema] of schemas) {
    const problem = schema && (await schemaProblem(schema, known));
    if (problem !== undefined) return `${what} ${problem}`;
  }
  return undefined;
}
