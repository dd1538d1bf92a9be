export { loadComponent } from "./load-component.ts";
export { defaultName, readProject } from "./read-project.ts";
