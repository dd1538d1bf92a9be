export { ownModule } from "./own-module.ts";
export { packageFile } from "./package-file.ts";
export { packageVersion, pinnedVersion } from "./package-version.ts";
