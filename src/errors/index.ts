export { nearest } from "./nearest.ts";
export { describeLocation, displayPath, type SourceLocation } from "./source-location.ts";
export { ToolkitError, type ErrorCode } from "./toolkit-error.ts";
