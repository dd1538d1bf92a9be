export type { PackageFacts } from "./annotations.ts";
export { publishComponent, type PublishedComponent } from "./publish-component.ts";
