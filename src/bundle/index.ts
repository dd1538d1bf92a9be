export { bundle, type Bundle, type BundleHost, type BundleInput } from "./bundle.ts";
export type { HttpSettings } from "./settings-component.ts";
