import { describeValue, type GrantedValue } from "../granted-values.ts";

/** What a context names as the time a call may take, unless the bundle says otherwise. */
const DEADLINE_MS = 10_000;
/** As on Node. */
const MEMORY_BYTES = 64 * 1024 * 1024;

/** A setting of a script, which is a variable of its environment. */
export interface ScriptSetting {
  variable: string;
  /** What it does, one line each. */
  about: readonly string[];
}

/** The comment at the top of a script: what it runs, its settings, and what it hands on. */
export function scriptHead(
  what: string,
  settings: readonly ScriptSetting[],
  values: readonly GrantedValue[],
): string[] {
  const width = Math.max(...[...settings, ...values].map(({ variable }) => variable.length)) + 2;
  const row = (variable: string, about: readonly string[]): string[] =>
    about.map((line, i) => `#   ${(i === 0 ? variable : "").padEnd(width)}${line}`);
  return [
    "#!/bin/sh",
    `# ${what} Settings are environment variables:`,
    "#",
    ...settings.flatMap(({ variable, about }) => row(variable, about)),
    "#",
    ...(values.length === 0
      ? ["# The server sees no variable of the environment."]
      : [
          "# The server sees these variables, and no other:",
          "#",
          ...values.flatMap((value) => row(value.variable, [describeValue(value)])),
        ]),
    "set -eu",
    'cd "$(dirname "$0")"',
    ...values.map(
      ({ variable }) => `[ -n "\${${variable}:-}" ] || echo 'Warning: ${variable} is not set' >&2`,
    ),
  ];
}

/** Hands variables on to a component, and nothing else of the environment. */
export function environmentFlags(values: readonly GrantedValue[]): string[] {
  return values.flatMap(({ variable }) => ["--env", variable]);
}

/** Settings of every script that runs wasmtime. */
export function runtimeSettings(what: string, deadlineMs = DEADLINE_MS): ScriptSetting[] {
  return [
    { variable: "TENON_TIMEOUT", about: [`time that ${what} may take (default: ${deadlineMs}ms)`] },
    { variable: "TENON_MEMORY", about: [`bytes that each memory may have (default: ${MEMORY_BYTES})`] },
    { variable: "WASMTIME", about: ["the program (default: wasmtime)"] },
  ];
}

/** The line that turns those settings into flags, in `$@`. */
export function runtimeFlags(deadlineMs = DEADLINE_MS): string {
  return `set -- -W "timeout=\${TENON_TIMEOUT:-${deadlineMs}ms}" -W "max-memory-size=\${TENON_MEMORY:-${MEMORY_BYTES}}"`;
}
