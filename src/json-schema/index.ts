export { checkJson } from "./check.ts";
