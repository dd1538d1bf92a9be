export { ownModule } from "./own-module.ts";
export { packageFile } from "./package-file.ts";
export { packageVersion } from "./package-version.ts";
