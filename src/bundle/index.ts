export {
  bundle,
  BUNDLE_HOSTS,
  type Bundle,
  type BundleHost,
  type BundleInput,
  type StateKeyPlace,
} from "./bundle.ts";
export type { HttpSettings } from "./http-settings.ts";
export type { BundleFile } from "./host-definition.ts";
export { describeValue, type GrantedValue } from "./granted-values.ts";
