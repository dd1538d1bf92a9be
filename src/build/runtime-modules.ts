import { ownModule, packageFile } from "../package/index.ts";

/** The module behind `import … from "tenon"`. */
export const SDK_MODULE: string = sdkModule("index");

/** The path of a module of the SDK. */
export function sdkModule(name: string): string {
  return ownModule("src", "sdk", name);
}

/** The path of a module of the guest runtime. */
export function guestModule(name: string): string {
  return ownModule("src", "guest", name);
}

/**
 * A module of the SDK or of the guest runtime as it is compiled: the same on every machine, whether this package runs from its
 * sources or not.
 */
export function compiledModule(folder: "guest" | "sdk", name: string): string {
  return packageFile("dist", "src", folder, `${name}.js`);
}
