import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { buildComponent, type BuiltComponent } from "../../build/index.ts";
import { displayPath, ToolkitError } from "../../errors/index.ts";
import { isSource, readProject } from "../../project/index.ts";
import { parseArguments, usageError } from "../arguments.ts";
import type { Command } from "../command.ts";
import { writeOutput } from "../files.ts";
import { formatSize } from "../format.ts";
import { fact, offerLines, offersOf, type Offers } from "../offers.ts";
import { printWarnings } from "../print-error.ts";

const HELP = `Builds TypeScript modules into WASI components.

Usage: tenon build [entry.ts ...] [-o path] [--allow-missing name ...] [--json]

Each entry exports a provider or a middleware as its default. One component is written for each, as
<folder>/<name>.wasm. Without entries, every source that ./tenon.json names is built.

  -o, --output <path>   folder to write to; with one entry also a file ending in .wasm, or - for stdout
                        (default: dist)
      --allow-missing <name>
                        let the code use a global that components do not have, such as Buffer, where it
                        never comes to that; once for each name (default: such code does not build)
      --json            print the result as JSON

Examples:
  tenon build                               # every source of ./tenon.json -> dist/<name>.wasm
  tenon build tool.ts                       # dist/<name>.wasm
  tenon build tool.ts -o calculator.wasm    # this file
  tenon build tools/*.ts -o out             # out/<name>.wasm for each
`;

const CONFIG = "tenon.json";

/** `tenon build`: TypeScript entries to components. */
export const build: Command = {
  help: HELP,
  async run(argv) {
    const { positionals, values } = parseArguments("build", argv, {
      output: { type: "string", short: "o" },
      "allow-missing": { type: "string", multiple: true },
      json: { type: "boolean" },
    });
    const allowMissing = (values["allow-missing"] as string[] | undefined) ?? [];
    const entries = positionals.length > 0 ? positionals : await projectSources();
    const output = (values.output as string | undefined) ?? "dist";
    const toFile = output === "-" || output.endsWith(".wasm");
    if (toFile && entries.length > 1) {
      throw usageError("build", `${entries.length} entries cannot go into one file`, "Name a folder with -o");
    }
    const report: unknown[] = [];
    const written = new Map<string, string>();
    for (const entry of entries) {
      const built = await buildComponent({ entry, allowMissing });
      const path = toFile ? output : join(output, `${built.manifest.name}.wasm`);
      const other = written.get(path);
      if (other !== undefined) throw sameName(built.manifest.name, other, entry);
      written.set(path, entry);
      printWarnings(built.warnings);
      await writeOutput(path, built.bytes);
      if (values.json && path !== "-") report.push(summarise(path, built));
      else process[path === "-" ? "stderr" : "stdout"].write(describe(path, built));
    }
    if (values.json && output !== "-") process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
    return 0;
  },
};

/** The sources that the `tenon.json` of this folder names, each once. */
async function projectSources(): Promise<string[]> {
  if (!existsSync(CONFIG)) {
    throw usageError("build", `no entry file is given, and there is no ${CONFIG} here that names any`);
  }
  const { providers, middleware, folder } = await readProject(CONFIG);
  const sources = [...providers, ...middleware]
    .map(({ reference }) => reference)
    .filter(isSource)
    .map((reference) => displayPath(resolve(folder, reference)));
  if (sources.length === 0) {
    throw usageError("build", `no entry file is given, and ${CONFIG} names none`);
  }
  return [...new Set(sources)];
}

function sameName(name: string, first: string, second: string): ToolkitError {
  return new ToolkitError(`Cannot build "${second}": "${first}" is called "${name}" as well`, {
    code: "ERR_BUILD_DEFINITION",
    hint: "Give one of them another name, or write each to a file of its own with -o",
  });
}

function summarise(path: string, { manifest, sizes, imports, warnings }: BuiltComponent): object {
  const { kind, name, version } = manifest;
  return { path, kind, name, version, ...offers(manifest), sizes, imports, warnings };
}

function describe(path: string, { manifest, sizes, imports }: BuiltComponent): string {
  const lines = [
    `${manifest.name} ${manifest.version} (${manifest.kind}) -> ${path}`,
    ...offerLines(offers(manifest)),
    fact("size", `${formatSize(sizes.raw)}, ${formatSize(sizes.gzip)} gzip`),
    fact("imports", imports.join(", ") || "none"),
  ];
  return `${lines.join("\n")}\n`;
}

function offers(manifest: BuiltComponent["manifest"]): Offers {
  return manifest.kind === "provider" ? offersOf(manifest) : {};
}
