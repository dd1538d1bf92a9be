import { dirname, join, resolve, sep } from "node:path";
import type { SourceOwner } from "../source-map/index.ts";
import { guestModule, SDK_MODULE } from "./runtime-modules.ts";

const PACKAGE = /.*[/\\]node_modules[/\\]((?:@[^/\\]+[/\\])?[^/\\]+)/s;
const TOOLKIT_FOLDERS = [
  dirname(SDK_MODULE),
  dirname(guestModule("install")),
  // What the guest runtime shares with hosts.
  join(dirname(SDK_MODULE), "..", "http"),
].map((path) => join(path, sep));

/** Whose a source of a source map is. @param folder what the source is relative to: the folder of the entry */
export function moduleOrigin(source: string, folder: string): SourceOwner {
  // The generated entry, and the modules of our plugins.
  if (source.startsWith("tenon-")) return "toolkit";
  const path = resolve(folder, source);
  if (TOOLKIT_FOLDERS.some((own) => path.startsWith(own))) return "toolkit";
  const [, name] = PACKAGE.exec(path) ?? [];
  return name === undefined ? "author" : { package: `node_modules/${name.replace("\\", "/")}` };
}
