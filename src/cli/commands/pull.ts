import { ToolkitError } from "../../errors/index.ts";
import { formatReference, parseReference, pullComponent } from "../../oci/index.ts";
import { parseArguments, usageError } from "../arguments.ts";
import type { Command } from "../command.ts";
import { writeOutput } from "../files.ts";
import { formatSize } from "../format.ts";
import { fact } from "../offers.ts";
import { REGISTRY_OPTIONS, REGISTRY_OPTIONS_HELP, registrySettings } from "../registry-options.ts";

const HELP = `Fetches a component from an OCI registry into the cache, and prints its reference with digest.
What comes is checked against its digest before it is kept or written.

Usage: tenon pull <registry/repository[:tag][@digest]> [-o file] [options]

  -o, --output <file>       file to write as well, or - for stdout
      --offline             take what is in the cache, by digest, and ask no registry
${REGISTRY_OPTIONS_HELP}
      --json                print the result as JSON

Without tag and digest, the tag is "latest". Credentials are those of "docker login". The cache is TENON_CACHE_DIR, or
tenon in the user's cache folder.

Examples:
  tenon pull registry.example/acme/tools:1.0.0 -o core.wasm
  tenon pull registry.example/acme/tools@sha256:... --offline -o core.wasm
`;

/** `tenon pull`: a component from a registry. */
export const pull: Command = {
  help: HELP,
  async run(argv) {
    const { positionals, values } = parseArguments("pull", argv, {
      ...REGISTRY_OPTIONS,
      output: { type: "string", short: "o" },
      offline: { type: "boolean" },
      json: { type: "boolean" },
    });
    const [from, ...rest] = positionals;
    if (from === undefined) throw usageError("pull", "no reference is given");
    if (rest.length > 0) throw usageError("pull", "more than one reference is given");
    const output = values.output as string | undefined;
    const pulled = await pullComponent(parseReference(from), {
      ...registrySettings("pull", values),
      offline: values.offline === true,
    });
    const reference = formatReference(pulled.reference);
    if (output !== undefined) await writeOutput(output, pulled.bytes);
    else if (!pulled.kept) {
      throw new ToolkitError(`Cannot keep "${reference}": the cache cannot be written`, {
        code: "ERR_FILE",
        hint: "Name another folder in TENON_CACHE_DIR, or a file with -o",
      });
    }
    const { layer, annotations, fromCache } = pulled;
    const report = { reference, component: layer.digest, size: layer.size, annotations, fromCache };
    const text = values.json
      ? JSON.stringify(report, null, 2)
      : [
          output === undefined ? reference : `${reference} -> ${output}`,
          fact("component", layer.digest),
          fact("size", formatSize(layer.size)),
        ].join("\n");
    process[output === "-" ? "stderr" : "stdout"].write(`${text}\n`);
    return 0;
  },
};
