export {
  composeProject,
  type ComponentLoader,
  type ComposedProject,
  type ComposeProjectOptions,
} from "./compose-project.ts";
export { createPuller, type Puller, type PullerSettings } from "./create-puller.ts";
export {
  defaultName,
  isSource,
  loadComponent,
  resolveReference,
  type LoadedComponent,
} from "./load-component.ts";
export { readJsonFile, type JsonFileKind } from "./read-json-file.ts";
export { readProject, type Project } from "./read-project.ts";
export { readTrust } from "./read-trust.ts";
