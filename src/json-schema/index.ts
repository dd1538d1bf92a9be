export { checkJson, findProblems } from "./check.ts";
