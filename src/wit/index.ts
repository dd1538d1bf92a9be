export { worldSource, type WorldDefinition } from "./world-source.ts";
