export { diff, neededAllowances } from "./diff/diff.ts";
export { importedCapabilities } from "./diff/diff-capabilities.ts";
export { differenceText } from "./diff/difference-text.ts";
export type {
  Allowance,
  CapabilityChange,
  DefinitionChange,
  Difference,
  FactChange,
  MemberChange,
} from "./diff/difference.ts";
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
