export { composeProject, type ComponentLoader, type ComposedProject } from "./compose-project.ts";
export {
  defaultName,
  isSource,
  loadComponent,
  resolveReference,
  type LoadedComponent,
} from "./load-component.ts";
export { readProject, type Project } from "./read-project.ts";
