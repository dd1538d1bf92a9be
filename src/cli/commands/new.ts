import { join, resolve } from "node:path";
import { nearest } from "../../errors/index.ts";
import { parseArguments, usageError } from "../arguments.ts";
import type { Command } from "../command.ts";
import { scaffold, TEMPLATES, type Template } from "../new/scaffold.ts";

const HELP = `Writes a new project that builds, tests and serves as it is.

Usage: tenon new <folder> [--template tool] [--json]

The folder's name becomes the project's. A folder that has something in it is refused.

      --template <name> tool: one tool; middleware: one, and a demo tool behind it; server: two tools, a resource,
                        access-log and a grant (default: tool)
      --json            print the result as JSON

Examples:
  tenon new my-tool && cd my-tool && npm install && npm test && npm run dev
  tenon new my-middleware --template middleware
`;

/** `tenon new`: a project from a template. */
export const newProject: Command = {
  help: HELP,
  async run(argv) {
    const { positionals, values } = parseArguments("new", argv, {
      template: { type: "string" },
      json: { type: "boolean" },
    });
    const [folder, ...rest] = positionals;
    if (folder === undefined) throw usageError("new", "no folder is given");
    if (rest.length > 0) throw usageError("new", `"${rest[0]}" is one argument too many`);
    const template = readTemplate((values.template as string | undefined) ?? "tool");
    const name = await scaffold(folder, template);
    const report = { name, template, folder: resolve(folder), client: clientEntry(name, resolve(folder)) };
    process.stdout.write(values.json ? `${JSON.stringify(report, null, 2)}\n` : describe(folder, report));
    return 0;
  },
};

function readTemplate(name: string): Template {
  const template = TEMPLATES.find((each) => each === name);
  if (template) return template;
  const suggestion = nearest(name, TEMPLATES);
  throw usageError(
    "new",
    `there is no template "${name}"`,
    suggestion ? `Did you mean "${suggestion}"?` : `There are ${TEMPLATES.join(", ")}`,
  );
}

/** What a client that starts local servers is told. */
function clientEntry(name: string, folder: string): object {
  const args = ["--prefix", folder, "tenon", "serve", join(folder, "tenon.json"), "--stdio"];
  return { mcpServers: { [name]: { command: "npx", args } } };
}

/** As a POSIX shell reads it. */
function quoted(path: string): string {
  return /^[\w./~-]+$/.test(path) ? path : `'${path.replaceAll("'", String.raw`'\''`)}'`;
}

function describe(
  folder: string,
  { name, template, client }: { name: string; template: string; client: object },
): string {
  const steps = [
    ...(resolve(folder) === process.cwd() ? [] : [`cd ${quoted(folder)}`]),
    "npm install",
    "npm test",
    "npm run dev",
  ];
  return `Created ${name} from the template "${template}".

Next:
${steps.map((step) => `  ${step}`).join("\n")}

For an MCP client that starts servers itself:
  ${JSON.stringify(client)}
`;
}
