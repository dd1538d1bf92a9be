import { join } from "node:path";
import { buildComponent, type BuiltComponent } from "../../build/index.ts";
import { parseArguments, usageError } from "../arguments.ts";
import type { Command } from "../command.ts";
import { writeOutput } from "../files.ts";
import { formatSize } from "../format.ts";

const HELP = `Builds TypeScript modules into WASI components.

Usage: tenon build <entry.ts ...> [-o path] [--json]

Each entry exports a provider or a middleware as its default. One component is written for each, as
<folder>/<name>.wasm.

  -o, --output <path>   folder to write to; with one entry also a file ending in .wasm, or - for stdout
                        (default: dist)
      --json            print the result as JSON

Examples:
  tenon build tool.ts                       # dist/<name>.wasm
  tenon build tool.ts -o calculator.wasm    # this file
  tenon build tools/*.ts -o out             # out/<name>.wasm for each
`;

/** `tenon build`: TypeScript entries to components. */
export const build: Command = {
  help: HELP,
  async run(argv) {
    const { positionals, values } = parseArguments("build", argv, {
      output: { type: "string", short: "o" },
      json: { type: "boolean" },
    });
    if (positionals.length === 0) throw usageError("build", "no entry file is given");
    const output = (values.output as string | undefined) ?? "dist";
    const toFile = output === "-" || output.endsWith(".wasm");
    if (toFile && positionals.length > 1) {
      throw usageError(
        "build",
        `${positionals.length} entries cannot go into one file`,
        "Name a folder with -o",
      );
    }
    const report: unknown[] = [];
    for (const entry of positionals) {
      const built = await buildComponent({ entry });
      const path = toFile ? output : join(output, `${built.manifest.name}.wasm`);
      await writeOutput(path, built.bytes);
      if (values.json && path !== "-") report.push(summarise(path, built));
      else process[path === "-" ? "stderr" : "stdout"].write(describe(path, built));
    }
    if (values.json && output !== "-") process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
    return 0;
  },
};

function summarise(path: string, { manifest, sizes, imports }: BuiltComponent): object {
  const { kind, name, version } = manifest;
  const tools = manifest.kind === "provider" ? manifest.tools.map((tool) => tool.name) : undefined;
  return { path, kind, name, version, ...(tools && { tools }), sizes, imports };
}

function describe(path: string, { manifest, sizes, imports }: BuiltComponent): string {
  const lines = [`${manifest.name} ${manifest.version} (${manifest.kind}) -> ${path}`];
  if (manifest.kind === "provider") {
    lines.push(`  tools    ${manifest.tools.map((tool) => tool.name).join(", ") || "none"}`);
  }
  lines.push(`  size     ${formatSize(sizes.raw)}, ${formatSize(sizes.gzip)} gzip`);
  lines.push(`  imports  ${imports.join(", ") || "none"}`);
  return `${lines.join("\n")}\n`;
}
