import { styleText } from "node:util";
import { ToolkitError } from "../../errors/index.ts";
import {
  diff as diffInspections,
  differenceText,
  inspect,
  neededAllowances,
  type Inspection,
} from "../../inspect/index.ts";
import { printable } from "../../inspect/printable.ts";
import type { RepositorySettings } from "../../oci/index.ts";
import { readAllowances } from "../allowances.ts";
import { parseArguments, usageError } from "../arguments.ts";
import type { Command } from "../command.ts";
import { printWarnings } from "../print-error.ts";
import { REGISTRY_OPTIONS, registrySettings } from "../registry-options.ts";
import { readComponent } from "../read-component.ts";

const HELP = `Shows what is another in a newer component or composed server: what models read of it, and what it may do.
Everything is read from the bytes; nothing is run.

Usage: tenon diff <old> <new> [--allow definitions,capabilities] [--json]

Each is a component file, a core or bundle, or a reference into a registry (oci://).

      --allow <what>    changes that are meant: definitions, capabilities, or both with a comma
      --json            print everything as JSON, with whole texts
      --plain-http, --auth-realm <host>
                        how registries are talked to, as with "tenon pull"

Exits with 1 when a definition of a tool, resource, template or prompt is another, or more may be done than before,
unless that is allowed; and when the new file's manifest says something else than its bytes.

Examples:
  tenon diff notes-1.0.wasm notes-1.1.wasm
  tenon diff oci://registry.example/acme/notes:1.0 oci://registry.example/acme/notes:1.1
  tenon diff old-core.wasm core.wasm --allow definitions
`;

/** `tenon diff`: whether a newer component asks for more, or tells models something else. */
export const diff: Command = {
  help: HELP,
  async run(argv) {
    const { positionals, values } = parseArguments("diff", argv, {
      allow: { type: "string" },
      json: { type: "boolean" },
      ...REGISTRY_OPTIONS,
    });
    const [oldName, newName, ...rest] = positionals;
    if (oldName === undefined || newName === undefined || rest.length > 0) {
      throw usageError("diff", `it compares two components, got ${positionals.length}`);
    }
    const allowed = readAllowances("diff", values.allow as string | undefined);
    const registry = registrySettings("diff", values);
    const [before, after] = [await inspectNamed(oldName, registry), await inspectNamed(newName, registry)];
    const difference = diffInspections(before, after);
    process.stdout.write(
      values.json ? `${JSON.stringify(difference, null, 2)}\n` : differenceText(difference, emphasis),
    );
    // What another version composed shows as forged, which no more than warns of an old file.
    if (before.contradictions.length > 0) {
      printWarnings([
        `The manifest of "${oldName}" and its bytes disagree: what is shown of it may not be so`,
      ]);
    }
    checkTrust(newName, after);
    const missing = neededAllowances(difference).filter((each) => !allowed.has(each));
    if (missing.length === 0) return 0;
    process.stderr.write(`Not allowed: ${missing.join(", ")}\n`);
    return 1;
  },
};

async function inspectNamed(name: string, registry: RepositorySettings): Promise<Inspection> {
  return await inspect(await readComponent(name, "component", registry), { name });
}

function checkTrust(name: string, { contradictions }: Inspection): void {
  if (contradictions.length === 0) return;
  throw new ToolkitError(`Cannot trust "${name}": its manifest and its bytes disagree`, {
    code: "ERR_MANIFEST",
    details: contradictions.map(printable),
    hint: "Do not use it in the place of the old one",
  });
}

function emphasis(style: "bold" | "red", text: string): string {
  return process.stdout.isTTY && !process.env.NO_COLOR ? styleText(style, text) : text;
}
