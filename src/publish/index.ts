export type { PackageFacts } from "./annotations.ts";
export { publishComponent, type PublishedComponent, type PublishOptions } from "./publish-component.ts";
