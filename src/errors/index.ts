export { nearest } from "./nearest.ts";
export { ToolkitError, type ErrorCode } from "./toolkit-error.ts";
