/** A value that the author's code returned and its definition does not allow. */
export class ReturnError extends Error {
  override readonly name = "ReturnError";
}

/** Words for the type of a value. */
export function describeType(value: unknown): string {
  if (value === undefined) return "nothing";
  if (value === null) return "null";
  return Array.isArray(value) ? "a list" : `a value of type ${typeof value}`;
}
