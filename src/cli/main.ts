#!/usr/bin/env node
import { leaveUnoptimized } from "../../hosts/node/leave-unoptimized.ts";
import { nearest } from "../errors/index.ts";
import { usageError } from "./arguments.ts";
import type { Command } from "./command.ts";
import { printError } from "./print-error.ts";
import { packageVersion } from "../package/index.ts";

/** A command by name; its module is loaded when it is run, so that none pays for another. */
interface Entry {
  name: string;
  /** One line for the overview. */
  summary: string;
  /** True when it runs until it is stopped. */
  lasts?: true;
  load(): Promise<Command>;
}

const COMMANDS: readonly Entry[] = [
  {
    name: "new",
    summary: "write a new project that builds, tests and serves as it is",
    load: async () => (await import("./commands/new.ts")).newProject,
  },
  {
    name: "dev",
    summary: "build, compose and serve a project, again after each change",
    lasts: true,
    load: async () => (await import("./commands/dev.ts")).dev,
  },
  {
    name: "build",
    summary: "build TypeScript tools and middleware into components",
    load: async () => (await import("./commands/build.ts")).build,
  },
  {
    name: "compose",
    summary: "compose providers and middleware into one core.wasm",
    load: async () => (await import("./commands/compose.ts")).compose,
  },
  {
    name: "serve",
    summary: "serve a core over MCP on this machine",
    lasts: true,
    load: async () => (await import("./commands/serve.ts")).serve,
  },
  {
    name: "bundle",
    summary: "make what wasmtime, Spin, Fastly Compute or a local client runs",
    load: async () => (await import("./commands/bundle.ts")).bundle,
  },
  {
    name: "inspect",
    summary: "show what a component or core holds and may do",
    load: async () => (await import("./commands/inspect.ts")).inspect,
  },
  {
    name: "diff",
    summary: "show what a newer component tells models and may do that the old one did not",
    load: async () => (await import("./commands/diff.ts")).diff,
  },
  {
    name: "push",
    summary: "publish a component to an OCI registry",
    load: async () => (await import("./commands/push.ts")).push,
  },
  {
    name: "pull",
    summary: "fetch a component from an OCI registry",
    load: async () => (await import("./commands/pull.ts")).pull,
  },
  {
    name: "verify",
    summary: "check who signed an artifact of a registry",
    load: async () => (await import("./commands/verify.ts")).verify,
  },
  {
    name: "keygen",
    summary: "make keys to sign components with",
    load: async () => (await import("./commands/keygen.ts")).keygen,
  },
  {
    name: "audit",
    summary: "check that no line of an audit log was changed",
    load: async () => (await import("./commands/audit.ts")).audit,
  },
  {
    name: "call",
    summary: "call one tool of a running server",
    load: async () => (await import("./commands/call.ts")).call,
  },
];

async function main(argv: readonly string[]): Promise<number> {
  const [name, ...rest] = argv;
  if (name === undefined || name === "--help" || name === "-h" || name === "help") {
    const topic = name === "help" ? COMMANDS.find((entry) => entry.name === rest[0]) : undefined;
    process.stdout.write(topic ? (await topic.load()).help : overview());
    return name === undefined ? 2 : 0;
  }
  if (name === "--version" || name === "-v") {
    process.stdout.write(`${packageVersion()}\n`);
    return 0;
  }
  const entry = COMMANDS.find((candidate) => candidate.name === name);
  if (!entry) {
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
  if (entry.lasts !== true) leaveUnoptimized();
  const command = await entry.load();
  if (rest.includes("--help") || rest.includes("-h")) {
    process.stdout.write(command.help);
    return 0;
  }
  return await command.run(rest);
}

function overview(): string {
  const lines = COMMANDS.map(({ name, summary }) => `  tenon ${name.padEnd(9)}${summary}`);
  return `Builds MCP tools into WASI components, composes them with middleware, and serves them.

Usage: tenon <command> [arguments]

${lines.join("\n")}

Run "tenon <command> --help" for its options and examples.
`;
}

main(process.argv.slice(2)).then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    process.exitCode = printError(error);
  },
);
// A reader that has seen enough, such as `head`, is no failure.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  process.exit(error.code === "EPIPE" ? 0 : printError(error));
});
