import { readFileSync } from "node:fs";
import { packageFile } from "./package-file.ts";

/** The version in this package's `package.json`. */
export function packageVersion(): string {
  return ownManifest().version;
}

/** The version of a dependency that this package pins, without looking for where it is installed. */
export function pinnedVersion(dependency: string): string {
  return ownManifest().dependencies[dependency]!;
}

function ownManifest(): { version: string; dependencies: Record<string, string> } {
  return JSON.parse(readFileSync(packageFile("package.json"), "utf8"));
}
