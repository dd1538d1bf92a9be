/** What is compiled to check values by a schema. */
export interface SchemaCheck {
  /** JSON Schema with the keywords of `compile-checks.ts`. */
  readonly schema: object;
  /** True when there is nothing else to check. */
  readonly exact: boolean;
}

/** How the schemas of one tool are checked; by themselves where nothing is compiled. */
export interface ToolSchemaChecks {
  readonly input?: SchemaCheck | undefined;
  readonly output?: SchemaCheck | undefined;
}

/** The schemas to compile for a tool, by where `withChecks` takes their checks. */
export function schemasToCompile({ input, output }: ToolSchemaChecks): Record<string, object> {
  return {
    ...(input === undefined ? {} : { [input.exact ? "input" : "before"]: input.schema }),
    ...(output === undefined ? {} : { output: output.schema }),
  };
}
