export { mapStack, mayHoldStack } from "./map-stack.ts";
export { reduceSourceMap, type SourceOwner } from "./reduce-source-map.ts";
export { readSourceMap, readSourceMaps, writeSourceMap, writeSourceMaps } from "./section.ts";
export { originalPosition, parseSourceMap, type SourceMap } from "./source-map.ts";
