export { bundle, type Bundle, type BundleHost, type BundleInput } from "./bundle.ts";
