export { renderGraph } from "./graph/render-graph.ts";
export { inspect, type InspectOptions } from "./inspect.ts";
export type {
  Catalog,
  CatalogEntry,
  Inspection,
  PartImport,
  PartInspection,
  PartWire,
  SharedModuleInspection,
  Sizes,
} from "./inspection.ts";
export { inspectionText, type Emphasis } from "./inspection-text.ts";
