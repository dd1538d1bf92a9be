import type { Plugin } from "esbuild";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { checksModule } from "../json-schema/compile-checks.ts";
import { schemasToCompile, type ToolSchemaChecks } from "../json-schema/index.ts";

/** How generated entries import the checks of their tools. */
export const CHECKS_MODULE = "tenon-checks";

/**
 * The module that has the compiled checks of a component's tools by their names, as `withChecks` takes them; nothing when there
 * is none. Equal schemas share a check.
 */
export function checksSource(tools: Readonly<Record<string, ToolSchemaChecks>>): string | undefined {
  const schemas: Record<string, object> = {};
  const names = new Map<string, string>();
  const nameOf = (schema: object): string => {
    const text = JSON.stringify(schema);
    const name = names.get(text) ?? `check${names.size}`;
    names.set(text, name);
    schemas[name] = schema;
    return name;
  };
  const entries = Object.entries(tools).flatMap(([tool, schemasOfTool]) => {
    const checks = Object.entries(schemasToCompile(schemasOfTool)).map(
      ([place, schema]) => `${place}: ${nameOf(schema)}`,
    );
    return checks.length === 0 ? [] : [`[${JSON.stringify(tool)}]: { ${checks.join(", ")} }`];
  });
  if (entries.length === 0) return undefined;
  return `${checksModule(schemas)}\nexport const checks = { ${entries.join(", ")} };`;
}

/** Gives generated entries the checks. */
export function checksPlugin(source: string): Plugin {
  return {
    name: "tenon-checks",
    setup(build) {
      build.onResolve({ filter: new RegExp(`^${CHECKS_MODULE}$`) }, ({ path }) => ({
        path,
        namespace: path,
      }));
      build.onLoad({ filter: /.*/, namespace: CHECKS_MODULE }, () => ({
        contents: source,
        loader: "js",
        // It imports parts of the validator, which this package has.
        resolveDir: dirname(fileURLToPath(import.meta.url)),
      }));
    },
  };
}
