import type { CoreManifest } from "../../manifest/index.ts";
import type { BundleInput } from "../bundle.ts";
import { describeValue, grantedValues, type GrantedValue } from "../granted-values.ts";
import type { Refusal } from "../host-definition.ts";

/** As on Node. */
const MEMORY_BYTES = 64 * 1024 * 1024;

/** A setting of a script, which is a variable of its environment. */
export interface ScriptSetting {
  variable: string;
  /** What it does, one line each. */
  about: readonly string[];
}

/** What the top of a script says. */
export interface ScriptFacts {
  /** A sentence with a full stop. */
  what: string;
  settings: readonly ScriptSetting[];
  values: readonly GrantedValue[];
  /** Other variables that the server sees. Default none. */
  others?: readonly ScriptSetting[];
}

/** The top of a script: what it runs, its settings, what it hands on, and a warning for each value that is not set. */
export function scriptHead({ what, settings, values, others = [] }: ScriptFacts): string[] {
  const seen = [
    ...values.map((value) => ({ variable: value.variable, about: [describeValue(value)] })),
    ...others,
  ];
  const width = Math.max(...[...settings, ...seen].map(({ variable }) => variable.length)) + 2;
  const rows = (all: readonly ScriptSetting[]): string[] =>
    all.flatMap(({ variable, about }) =>
      about.map((line, i) => `#   ${(i === 0 ? variable : "").padEnd(width)}${line}`),
    );
  return [
    "#!/bin/sh",
    `# ${what} Settings are environment variables:`,
    "#",
    ...rows(settings),
    "#",
    ...(seen.length === 0
      ? ["# The server sees no variable of the environment."]
      : ["# The server sees these variables, and no other:", "#", ...rows(seen)]),
    "set -eu",
    'cd "$(dirname "$0")"',
    ...values.map(
      ({ variable }) => `[ -n "\${${variable}:-}" ] || echo 'Warning: ${variable} is not set' >&2`,
    ),
  ];
}

/** Hands variables on to a component, and nothing else of the environment. */
export function environmentFlags(variables: readonly string[]): string[] {
  return variables.map((variable) => `--env ${variable}`);
}

/** Settings of every script that runs wasmtime. */
export function runtimeSettings(): ScriptSetting[] {
  return [
    { variable: "TENON_MEMORY", about: [`bytes that each memory may have (default: ${MEMORY_BYTES})`] },
    { variable: "WASMTIME", about: ["the program (default: wasmtime)"] },
  ];
}

/** The flag of those settings. */
export const MEMORY_FLAG = `-W "max-memory-size=\${TENON_MEMORY:-${MEMORY_BYTES}}"`;

/** What a shell takes for the name of a variable. */
const VARIABLE = /^[A-Z_][A-Z0-9_]*$/;

/** Values whose names no environment variable can have: in a script they would be code. */
export function refuseVariables(core: CoreManifest, input: BundleInput): Refusal[] {
  return grantedValues(core, input)
    .filter(({ variable }) => !VARIABLE.test(variable))
    .map((value) => ({
      reason: `${describeValue(value)} has a name that no environment variable can have`,
      hint: "Name it by letters, digits, underscores, hyphens and dots",
    }));
}
