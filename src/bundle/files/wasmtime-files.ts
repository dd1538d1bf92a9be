import type { CoreManifest } from "../../manifest/index.ts";
import type { BundleInput } from "../bundle.ts";
import { grantedValues, type GrantedValue } from "../granted-values.ts";
import type { BundleFile } from "../host-definition.ts";
import { containerfile } from "./containerfile.ts";
import {
  environmentFlags,
  MEMORY_FLAG,
  runtimeSettings,
  scriptHead,
  type ScriptSetting,
} from "./shell-script.ts";
import { systemdUnit } from "./systemd-unit.ts";

/** What a context names as the time a call may take, unless the bundle says otherwise. */
const DEADLINE_MS = 10_000;

/** What goes beside a component for `wasmtime serve`: a script, a systemd unit, and the recipe of a container. */
export function wasmtimeFiles(core: CoreManifest, input: BundleInput): Record<string, BundleFile> {
  const values = grantedValues(core, input);
  return {
    "run.sh": { text: serveScript(core, values, input.http?.deadlineMs), executable: true },
    [`${core.name}.service`]: { text: systemdUnit(core, input, values) },
    Containerfile: { text: containerfile(core, values) },
  };
}

function serveScript(
  { name, version }: CoreManifest,
  values: readonly GrantedValue[],
  deadlineMs = DEADLINE_MS,
): string {
  const settings: ScriptSetting[] = [
    { variable: "TENON_ADDR", about: ["address and port to listen on (default: 127.0.0.1:3000)"] },
    { variable: "TENON_TIMEOUT", about: [`time that a request may take (default: ${deadlineMs}ms)`] },
    ...runtimeSettings(),
    {
      variable: "TENON_REUSE",
      about: [
        "requests that one instance answers (default: 1). More take a fifth of the CPU time, and",
        "share what a tool keeps in memory between callers",
      ],
    },
    {
      variable: "TENON_POOLING",
      about: [
        "y for instances from a pool: half the CPU time, more memory, and requests over the size of",
        "the pool fail (default: n)",
      ],
    },
    {
      variable: "TENON_COMPILED",
      about: [
        "file to keep the machine code in, which saves compiling at each start. Whoever can write it",
        "can run anything (default: none)",
      ],
    },
  ];
  const environment = environmentFlags(values.map(({ variable }) => variable));
  const lines = [
    ...scriptHead({ what: `Serves ${name} ${version} with wasmtime 48 or newer.`, settings, values }),
    `set -- -W "timeout=\${TENON_TIMEOUT:-${deadlineMs}ms}" ${MEMORY_FLAG}`,
    'if [ "${TENON_POOLING:-n}" = y ]; then',
    '  set -- "$@" -O pooling-allocator=y -O pooling-memory-keep-resident=4194304 -O pooling-table-keep-resident=65536 -O pooling-pagemap-scan=auto',
    "fi",
    "artifact=server.wasm",
    'if [ -n "${TENON_COMPILED:-}" ]; then',
    '  if ! [ "$TENON_COMPILED" -nt server.wasm ]; then',
    '    "${WASMTIME:-wasmtime}" compile "$@" -W epoch-interruption=y -o "$TENON_COMPILED.$$" server.wasm',
    '    mv "$TENON_COMPILED.$$" "$TENON_COMPILED"',
    "  fi",
    '  set -- "$@" --allow-precompiled',
    "  artifact=$TENON_COMPILED",
    "fi",
    ...(values.length === 0 ? [] : [`set -- "$@" -S cli ${environment.join(" ")}`]),
    'exec "${WASMTIME:-wasmtime}" serve --addr "${TENON_ADDR:-127.0.0.1:3000}" "$@" \\',
    '  --max-instance-reuse-count "${TENON_REUSE:-1}" --no-logging-prefix "$artifact"',
  ];
  return `${lines.join("\n")}\n`;
}
