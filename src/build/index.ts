export { buildAdapter, type AdapterInput } from "./build-adapter.ts";
export { buildComponent, type BuildInput, type BuiltComponent } from "./build-component.ts";
