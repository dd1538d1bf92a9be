import { readCustomSection, replaceCustomSection } from "../wasm/index.ts";

/**
 * Name of the custom section: in a component one source map, in a core one for each component, by the names of the parts in it,
 * with `+` between them.
 */
export const SOURCE_MAP_SECTION = "tenon:source-map";

// Maps only make logs readable, so one that is too large or malformed counts as none.
const MAX_MAP_BYTES = 4 * 1024 * 1024;

/**
 * The source map of a component, as JSON; nothing when it carries none.
 *
 * @throws ToolkitError `ERR_WASM_DECODE` when the bytes are not WebAssembly.
 */
export function readSourceMap(component: Uint8Array): string | undefined {
  const payload = readCustomSection(component, SOURCE_MAP_SECTION);
  if (payload === undefined || payload.length > MAX_MAP_BYTES) return undefined;
  const text = new TextDecoder().decode(payload);
  return isObject(text) ? text : undefined;
}

/** A copy of the component that carries the source map, in place of the one it had. */
export function writeSourceMap(component: Uint8Array, json: string): Uint8Array {
  return replaceCustomSection(component, SOURCE_MAP_SECTION, new TextEncoder().encode(json));
}

/**
 * The source maps of a composed core: JSON by the name of the part.
 *
 * @throws ToolkitError `ERR_WASM_DECODE` when the bytes are not WebAssembly.
 */
export function readSourceMaps(core: Uint8Array): Map<string, string> {
  const maps = parsedObject(readSourceMap(core)) ?? {};
  return new Map(
    Object.entries(maps).flatMap(([parts, map]) => {
      const json = JSON.stringify(map);
      return parts.split("+").map((part) => [part, json]);
    }),
  );
}

/** A copy of the core that carries the source maps of its parts; as it is when none has one. */
export function writeSourceMaps(
  core: Uint8Array,
  parts: readonly { as: string; bytes: Uint8Array }[],
): Uint8Array {
  const maps = parts.flatMap(({ as, bytes }) => {
    const map = readSourceMap(bytes);
    return map === undefined ? [] : [`${JSON.stringify(as)}:${map}`];
  });
  return maps.length === 0 ? core : writeSourceMap(core, `{${maps.join(",")}}`);
}

function isObject(json: string): boolean {
  return parsedObject(json) !== undefined;
}

function parsedObject(json: string | undefined): Record<string, unknown> | undefined {
  if (json === undefined) return undefined;
  try {
    const value: unknown = JSON.parse(json);
    return typeof value === "object" && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}
