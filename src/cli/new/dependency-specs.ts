import { existsSync, readFileSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { packageFile } from "../../package/index.ts";

interface PackageJson {
  version: string;
  dependencies: Record<string, string>;
  devDependencies: Record<string, string>;
  peerDependencies: Record<string, string>;
}

/**
 * What a new project's `package.json` says of its dependencies: versions compatible with those this package is tested
 * with, and this package itself.
 *
 * @param names As the template lists them.
 */
export function dependencySpecs(names: readonly string[]): Record<string, string> {
  const own = JSON.parse(readFileSync(packageFile("package.json"), "utf8")) as PackageJson;
  const specs = names.map((name): [string, string] => {
    if (name === "tenon") return [name, ownSpec(packageFile(), own.version)];
    const peer = own.peerDependencies[name];
    if (peer !== undefined) return [name, peer];
    return [name, `^${own.devDependencies[name]}`];
  });
  return Object.fromEntries(specs);
}

/**
 * How another project depends on this package as it is installed here: by version where it came from a registry, else by
 * the folder or tarball it came from.
 */
export function ownSpec(root: string, version: string): string {
  const modules = dirname(root);
  if (basename(modules) !== "node_modules") return `file:${root}`;
  const resolved = resolvedFrom(modules, basename(root));
  if (resolved === undefined || !resolved.startsWith("file:")) return `^${version}`;
  const source = resolve(dirname(modules), resolved.slice("file:".length));
  return existsSync(source) ? `file:${source}` : `^${version}`;
}

/** Where npm says that a package came from. Other package managers do not say. */
function resolvedFrom(modules: string, name: string): string | undefined {
  try {
    const lock = JSON.parse(readFileSync(join(modules, ".package-lock.json"), "utf8")) as {
      packages: Record<string, { resolved?: string }>;
    };
    return lock.packages[`node_modules/${name}`]?.resolved;
  } catch {
    return undefined;
  }
}
