export { packageFile } from "./package-file.ts";
export { packageVersion } from "./package-version.ts";
