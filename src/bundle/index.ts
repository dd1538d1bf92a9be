export { bundle, type Bundle, type BundleHost, type BundleInput } from "./bundle.ts";
export type { HttpSettings } from "./http-settings.ts";
export type { BundleFile } from "./host-definition.ts";
