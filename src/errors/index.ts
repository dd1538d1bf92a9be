export { nearest } from "./nearest.ts";
export { ToolkitError, type ErrorCode, type ToolkitErrorOptions } from "./toolkit-error.ts";
