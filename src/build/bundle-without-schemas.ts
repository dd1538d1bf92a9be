import type { ToolSchemaChecks } from "../json-schema/index.ts";
import { bundle, type Bundle } from "./bundle.ts";
import { hostPlugin, ownCodePlugin } from "./bundle-plugins.ts";
import { withoutSchemas, type Replaced } from "./without-schemas.ts";

/** The module that exports what an entry defines. */
export function exportOf(entry: string): string {
  return `export { default } from ${JSON.stringify(entry)};`;
}

/**
 * The author's modules as one, without the schemas that compiled checks stand for, and so without their library. Nothing when
 * the library is needed for more than these.
 */
export async function bundleWithoutSchemas(
  entry: string,
  checks: Readonly<Record<string, ToolSchemaChecks>>,
): Promise<Bundle | undefined> {
  const replaced = new Map<string, Replaced>(
    Object.entries(checks).map(([tool, { input, output }]) => [
      tool,
      { input: input?.exact === true, output: output !== undefined },
    ]),
  );
  if (![...replaced.values()].some(({ input, output }) => input || output)) return undefined;
  const whole = await bundle({
    entry,
    source: exportOf(entry),
    format: "esm",
    minify: false,
    lower: false,
    plugins: [hostPlugin, ownCodePlugin],
  });
  if (isRequired(whole)) return undefined;
  const code = withoutSchemas(whole.code, replaced);
  return code === undefined ? undefined : { ...whole, code };
}

/** True when what was left out is not only imported: calls that load it stay where they are. */
function isRequired({ metafile }: Bundle): boolean {
  return Object.values(metafile.outputs).some(({ imports }) =>
    imports.some(({ external, kind }) => external === true && kind !== "import-statement"),
  );
}
