import type { ParameterHeader } from "../http/parameter-headers.ts";
import { decodeHeaderValue } from "./header-value.ts";
import { isObject } from "./message.ts";

const PLAIN = /^[\t\x20-\x7e]*$/;
const DECIMAL = /^-?[0-9]{1,16}(?:\.0{1,16})?$/;

/**
 * What is wrong with the `Mcp-Param-*` fields of a call of a tool whose schema asks for them; nothing when each of them is
 * there exactly where the argument is, and says the same.
 *
 * @see https://modelcontextprotocol.io/specification/2026-07-28/basic/transports/streamable-http#server-behavior-for-custom-headers
 */
export function parameterFieldsProblem(
  expected: readonly ParameterHeader[],
  args: unknown,
  fieldOf: (name: string) => string | undefined,
): string | undefined {
  for (const { name, path } of expected) {
    const field = fieldOf(`mcp-param-${name.toLowerCase()}`);
    const value = valueAt(args, path);
    if (!isPrimitive(value)) {
      if (field !== undefined) return `Mcp-Param-${name} has no argument in the body`;
    } else if (field === undefined) {
      return `Mcp-Param-${name} is missing`;
    } else if (!PLAIN.test(field) || !isSame(value, decodeHeaderValue(field))) {
      return `Mcp-Param-${name} does not match the body`;
    }
  }
  return undefined;
}

/** Anything else is none that a field could repeat, and not of the type that its schema asks for. */
function isPrimitive(value: unknown): value is boolean | number | string {
  return typeof value === "string" || typeof value === "number" || typeof value === "boolean";
}

function valueAt(args: unknown, path: readonly string[]): unknown {
  let value = args;
  for (const member of path) {
    if (!isObject(value) || !Object.hasOwn(value, member)) return undefined;
    value = value[member];
  }
  return value;
}

function isSame(value: boolean | number | string, text: string | undefined): boolean {
  if (text === undefined) return false;
  if (typeof value !== "number" || !Number.isInteger(value)) return text === String(value);
  // Beyond the safe range, readers of the field may see another number than readers of the body.
  return Number.isSafeInteger(value) && DECIMAL.test(text) && Number(text) === value;
}
