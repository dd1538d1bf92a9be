#!/usr/bin/env node
import { nearest } from "../errors/index.ts";
import { usageError } from "./arguments.ts";
import { build } from "./commands/build.ts";
import { call } from "./commands/call.ts";
import { compose } from "./commands/compose.ts";
import { serve } from "./commands/serve.ts";
import type { Command } from "./command.ts";
import { printError } from "./print-error.ts";
import { packageVersion } from "../package/index.ts";

const COMMANDS: readonly Command[] = [build, compose, serve, call];

async function main(argv: readonly string[]): Promise<number> {
  const [name, ...rest] = argv;
  if (name === undefined || name === "--help" || name === "-h" || name === "help") {
    const topic = name === "help" ? COMMANDS.find((command) => command.name === rest[0]) : undefined;
    process.stdout.write(topic?.help ?? overview());
    return name === undefined ? 2 : 0;
  }
  if (name === "--version" || name === "-v") {
    process.stdout.write(`${packageVersion()}\n`);
    return 0;
  }
  const command = COMMANDS.find((candidate) => candidate.name === name);
  if (!command) {
    const suggestion = nearest(
      name,
      COMMANDS.map((candidate) => candidate.name),
    );
    throw usageError(
      name,
      "there is no such command",
      suggestion ? `Did you mean "tenon ${suggestion}"?` : 'Run "tenon --help" for the commands',
    );
  }
  if (rest.includes("--help") || rest.includes("-h")) {
    process.stdout.write(command.help);
    return 0;
  }
  return await command.run(rest);
}

function overview(): string {
  const lines = COMMANDS.map((command) => `  tenon ${command.name.padEnd(9)}${command.summary}`);
  return `Builds MCP tools into WASI components, composes them with middleware, and serves them.

Usage: tenon <command> [arguments]

${lines.join("\n")}

Run "tenon <command> --help" for its options and examples.
`;
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  process.exitCode = printError(error);
}
