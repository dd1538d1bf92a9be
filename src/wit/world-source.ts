import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { packageFile } from "../package/index.ts";

/** A world to generate. */
export interface WorldDefinition {
  /** Name of the world, in kebab-case. */
  name: string;
  /** Imported interfaces with their versions, such as `tenon:host/log@0.1.0`. */
  imports: readonly string[];
  /** Exported interfaces with their versions. */
  exports: readonly string[];
  /** Further WIT items of the world, for interfaces written in place. */
  extra?: string;
}

/**
 * One WIT text: the package `tenon:generated` with the world, then the packages of the contract and of WASI that it
 * needs as nested packages. It needs no `deps` folder, whether it is passed as text or written to a file.
 *
 * @param further Texts of packages that the world names as well; those that they need are among what is added.
 */
export function worldSource(world: WorldDefinition, further: readonly string[] = []): string {
  const items = [
    ...world.imports.map((name) => `  import ${name};`),
    ...world.exports.map((name) => `  export ${name};`),
    ...(world.extra === undefined ? [] : [world.extra]),
  ];
  const own = `package tenon:generated;\n\nworld ${world.name} {\n${items.join("\n")}\n}\n`;
  const text = [own, ...further].join("\n");
  return [text, ...neededPackages(text)].join("\n");
}

/** The packages that a text names, and those that these name, in the order of the contract. */
function neededPackages(text: string): string[] {
  packages ??= readPackages();
  const needed = new Set<string>();
  const visit = (source: string): void => {
    for (const [, name] of source.matchAll(/([a-z-]+:[a-z-]+)\//g)) {
      const body = packages!.get(name!);
      if (body === undefined || needed.has(name!)) continue;
      needed.add(name!);
      visit(body);
    }
  };
  visit(text);
  return [...packages].filter(([name]) => needed.has(name)).map(([, body]) => body);
}

let packages: Map<string, string> | undefined;

/** Text of each package, by its name without version. */
function readPackages(): Map<string, string> {
  const root = packageFile("wit");
  const dependencies = readdirSync(join(root, "deps"), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => join(root, "deps", entry.name))
    .sort();
  const found = new Map<string, string[]>();
  for (const folder of [root, ...dependencies]) {
    for (const file of readdirSync(folder)
      .filter((name) => name.endsWith(".wit"))
      .sort()) {
      const { name, items } = splitPackage(readFileSync(join(folder, file), "utf8"), join(folder, file));
      found.set(name, [...(found.get(name) ?? []), items]);
    }
  }
  return new Map(
    [...found].map(([name, items]) => [
      name.replace(/@.*$/, ""),
      `package ${name} {\n${items.join("\n")}}\n`,
    ]),
  );
}

function splitPackage(text: string, path: string): { name: string; items: string } {
  const declaration = /^package ([^;]+);\n/m.exec(text);
  if (declaration === null) throw new Error(`${path} declares no package`);
  return { name: declaration[1]!, items: text.slice(declaration.index + declaration[0].length) };
}
