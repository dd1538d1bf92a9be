export { checkJson, findProblems, type Problem } from "./check.ts";
export { schemaProblem } from "./schema-problem.ts";
export { schemasToCompile, type ToolSchemaChecks } from "./tool-checks.ts";
