export { ByteReader } from "./byte-reader.ts";
export { ByteWriter } from "./byte-writer.ts";
export {
  componentNames,
  readComponentGraph,
  type ComponentGraph,
  type Definition,
} from "./component-graph.ts";
export { componentResources, type ComponentResources } from "./component-resources.ts";
export { readCustomSection, replaceCustomSection } from "./custom-section.ts";
export { exportedInstances } from "./exported-instances.ts";
export { exportNames, importNames } from "./extern-names.ts";
export { binaryKind, PREAMBLE_LENGTH, readSections, SECTION, type Section } from "./sections.ts";
