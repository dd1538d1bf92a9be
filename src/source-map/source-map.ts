import { decode, type SourceMapMappings } from "@jridgewell/sourcemap-codec";

/** A source map, version 3, with its mappings decoded. @see https://tc39.es/ecma426/#sec-source-map-format */
export interface SourceMap {
  readonly sources: readonly string[];
  readonly names: readonly string[];
  /** What the bundler made of each of `names`. */
  readonly minified: readonly string[];
  readonly mappings: SourceMapMappings;
}

/** A place in a source. */
export interface SourcePosition {
  source: string;
  /** From 1. */
  line: number;
  /** From 1. */
  column: number;
}

/** Member of a map's JSON that holds {@link SourceMap.minified}. */
export const MINIFIED_MEMBER = "x_tenon_minified";

/** Decodes the JSON of a source map; nothing when it is not one. Cost is linear in its length. */
export function parseSourceMap(json: string): SourceMap | undefined {
  try {
    const {
      version,
      sources,
      names,
      mappings,
      [MINIFIED_MEMBER]: minified = [],
    } = JSON.parse(json) as Record<string, unknown>;
    if (version !== 3 || typeof mappings !== "string") return undefined;
    if (!isTexts(sources) || !isTexts(names) || !isTexts(minified)) return undefined;
    return { sources, names, minified, mappings: decode(mappings) };
  } catch {
    return undefined;
  }
}

/** Where a place in the generated code comes from; nothing when the map does not say. Both count from 1. */
export function originalPosition(map: SourceMap, line: number, column: number): SourcePosition | undefined {
  const segments = map.mappings[line - 1] ?? [];
  const segment = segments[segmentBefore(map, line, column)];
  if (segment === undefined || segment.length === 1) return undefined;
  const source = map.sources[segment[1]];
  return source === undefined ? undefined : { source, line: segment[2] + 1, column: segment[3] + 1 };
}

/**
 * What the source calls a function of the generated code, given a place inside it: the name of its nearest declaration
 * before that place. Nothing when the name was not changed.
 */
export function originalName(map: SourceMap, name: string, line: number, column: number): string | undefined {
  if (!map.minified.includes(name)) return undefined;
  for (let at = line; at > 0; at--) {
    const segments = map.mappings[at - 1] ?? [];
    const last = at === line ? segmentBefore(map, line, column) : segments.length - 1;
    for (let i = last; i >= 0; i--) {
      const index = segments[i]![4];
      if (index !== undefined && map.minified[index] === name) return map.names[index];
    }
  }
  return undefined;
}

/** Index of the last segment of a line that starts at or before a column, or -1. */
function segmentBefore(map: SourceMap, line: number, column: number): number {
  const segments = map.mappings[line - 1] ?? [];
  let low = 0;
  let high = segments.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (segments[middle]![0] < column) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((item) => typeof item === "string");
}
