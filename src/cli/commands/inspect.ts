import { styleText } from "node:util";
import { ToolkitError } from "../../errors/index.ts";
import { inspect as inspectBytes, inspectionText, renderGraph } from "../../inspect/index.ts";
import { printable } from "../../inspect/printable.ts";
import { parseArguments, usageError } from "../arguments.ts";
import type { Command } from "../command.ts";
import { writeOutput } from "../files.ts";
import { REGISTRY_OPTIONS, registrySettings } from "../registry-options.ts";
import { readComponent } from "../read-component.ts";

const HELP = `Shows what a component or a composed server offers, what it is made of and what each part may do.
Everything is read from the file's bytes; nothing is run.

Usage: tenon inspect <file.wasm | oci://…> [--json] [--graph picture.svg]

      --json            print everything as JSON, with a checksum of every tool definition
      --graph <file>    write a picture of the composition as SVG, or - for stdout
      --plain-http, --auth-realm <host>
                        how a registry is talked to, as with "tenon pull"

Exits with 1 when the manifest of the file says something else than its bytes.

Examples:
  tenon inspect core.wasm                                  # chain, tools, parts, grants, denials
  tenon inspect core.wasm --graph core.svg                 # the same as a picture
  tenon inspect core.wasm --json | jq .catalog.digest      # compare two versions
  tenon inspect dist/calculator.wasm                       # one component before composition
`;

/** `tenon inspect`: what a component is, from its bytes. */
export const inspect: Command = {
  help: HELP,
  async run(argv) {
    const { positionals, values } = parseArguments("inspect", argv, {
      json: { type: "boolean" },
      graph: { type: "string" },
      ...REGISTRY_OPTIONS,
    });
    const [file, ...rest] = positionals;
    const graph = values.graph as string | undefined;
    if (file === undefined) throw usageError("inspect", "no file is given");
    if (rest.length > 0) throw usageError("inspect", "more than one file is given");
    if (values.json && graph === "-") throw usageError("inspect", '"--json" does not go with "--graph -"');
    const inspection = await inspectBytes(
      await readComponent(file, "component", registrySettings("inspect", values)),
      { name: file },
    );
    if (graph === "-") process.stdout.write(renderGraph(inspection));
    else if (graph !== undefined) await writeOutput(graph, new TextEncoder().encode(renderGraph(inspection)));
    if (values.json) process.stdout.write(`${JSON.stringify(inspection, null, 2)}\n`);
    else if (graph !== "-") process.stdout.write(inspectionText(inspection, file, emphasis));
    const { length } = inspection.contradictions;
    if (length === 0) return 0;
    throw new ToolkitError(
      `Cannot trust "${file}": its manifest and its bytes disagree in ${length} ${length === 1 ? "place" : "places"}`,
      {
        code: "ERR_MANIFEST",
        details: inspection.contradictions.map(printable),
        hint: "Do not serve it; compose it again from components you trust",
      },
    );
  },
};

function emphasis(style: "bold" | "red", text: string): string {
  return process.stdout.isTTY && !process.env.NO_COLOR ? styleText(style, text) : text;
}
