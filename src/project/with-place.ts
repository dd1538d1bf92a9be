import { ToolkitError } from "../errors/index.ts";

/** Adds where the configuration is at fault, after the places the error has itself. */
export function withPlace(error: unknown, place: readonly string[]): unknown {
  if (!(error instanceof ToolkitError)) return error;
  return new ToolkitError(error.message, {
    code: error.code,
    details: [...error.details, ...place],
    ...(error.hint !== undefined && { hint: error.hint }),
    cause: error,
  });
}
