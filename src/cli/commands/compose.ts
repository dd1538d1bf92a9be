import { resolve } from "node:path";
import { gzipSync } from "node:zlib";
import { claimedLinks, compose as composeCore, type Composition } from "../../compose/index.ts";
import { ungrantedCapabilities, unsafeWarnings } from "../../manifest/index.ts";
import {
  composeProject,
  createPuller,
  defaultName,
  loadComponent,
  readProject,
  type ComposedProject,
  type ComposeProjectOptions,
  type Puller,
} from "../../project/index.ts";
import { readAllowances } from "../allowances.ts";
import { parseArguments, usageError, type Arguments } from "../arguments.ts";
import type { Command } from "../command.ts";
import { readInput, writeOutput } from "../files.ts";
import { LOCK_OPTIONS, LOCK_OPTIONS_HELP, printLockChanges, readLockOptions } from "../lock-options.ts";
import { fact, offerLines, type Offers } from "../offers.ts";
import { printWarnings } from "../print-error.ts";
import { readCalls } from "../record/calls.ts";
import { diffText } from "../record/grants-diff.ts";
import { snapshotJwks } from "../snapshot-jwks.ts";
import { formatSize } from "../format.ts";

const HELP = `Composes providers and middleware into one server component.

Usage: tenon compose [tenon.json] [-o core.wasm] [--frozen] [--json]
       tenon compose [tenon.json] --update [name ...] [--allow definitions,capabilities]
       tenon compose <provider ...> [--use middleware ...] [-o core.wasm] [--json]
       tenon compose [tenon.json] --record calls.json [--json]

A provider or middleware is a component file, a TypeScript source, which is built first, the name of a ready-made
component, or a reference into a registry (oci://). What comes from registries is what tenon.lock says, once it is there.

  -o, --output <file>   what to write, or - for stdout (default: core.wasm)
      --use <name>      without a tenon.json: a middleware; in the order a request passes them, once for each
      --name <name>     without a tenon.json: name of the server (default: that of the first provider)
      --record <file>   write nothing: serve the project in this process, make the calls in the file, and print what the
                        parts used as a difference to their grants. Parts reach what they ask for meanwhile, at public
                        addresses; TENON_AUTHORIZATION is the credential of the calls
      --snapshot-jwks   put the keys that each "jwksUri" has now into the core, for hosts without a store to keep them in;
                        compose again before the issuer changes its keys
      --update          look up again what the parts named, or all, come from; says what is another in them
      --allow <what>    what may be another: definitions, capabilities, or both with a comma (default: nothing)
${LOCK_OPTIONS_HELP}
      --json            print the result as JSON

Examples:
  tenon compose                                             # tenon.json in this folder -> core.wasm
  tenon compose calculator.wasm --use access-log -o core.wasm
  tenon compose a.wasm ./b.ts --use ./my-middleware.ts -o - | sha256sum
  tenon compose --record calls.json                         # what the parts use, against what they are granted
  tenon compose --update notes --allow definitions          # the newer notes, with other tools
`;

/** `tenon compose`: components to one core. */
export const compose: Command = {
  help: HELP,
  async run(argv) {
    const { positionals, values } = parseArguments("compose", argv, {
      output: { type: "string", short: "o" },
      use: { type: "string", multiple: true },
      name: { type: "string" },
      record: { type: "string" },
      "snapshot-jwks": { type: "boolean" },
      update: { type: "boolean" },
      allow: { type: "string" },
      ...LOCK_OPTIONS,
      json: { type: "boolean" },
    });
    const lock = readLock(positionals, values);
    const given = lock.update === undefined ? positionals : positionals.filter(isConfig);
    const files = given.length === 0 ? ["tenon.json"] : given;
    const [config] = files.filter(isConfig);
    const ofProject = ["update", "allow", "frozen"].find((option) => option in values);
    if (config === undefined && ofProject !== undefined) {
      throw usageError("compose", `"--${ofProject}" needs a tenon.json`);
    }
    if (config !== undefined) {
      if (files.length > 1) {
        throw usageError("compose", "a tenon.json and components cannot be mixed");
      }
      const unfit = ["use", "name"].find((option) => option in values);
      if (unfit) throw usageError("compose", `option "--${unfit}" does not go with a tenon.json`);
    }
    const snapshot = values["snapshot-jwks"] === true;
    if (snapshot && (config === undefined || values.record !== undefined)) {
      throw usageError("compose", '"--snapshot-jwks" needs a tenon.json, and does not go with "--record"');
    }
    if (values.record !== undefined) {
      if (config === undefined) throw usageError("compose", '"--record" needs a tenon.json');
      if (values.output !== undefined) {
        throw usageError("compose", '"--record" writes no component, and does not go with "--output"');
      }
      return await printRecording(config, values.record as string, values.json === true);
    }
    const output = (values.output as string | undefined) ?? "core.wasm";
    const composition =
      config === undefined
        ? await composeFiles(
            files,
            (values.use as string[] | undefined) ?? [],
            values.name as string | undefined,
            lock,
          )
        : await composeConfig(config, snapshot, lock);
    printLockChanges(composition.lockChanges);
    printWarnings([
      ...composition.warnings,
      ...unsafeWarnings(composition.manifest),
      ...ungrantedCapabilities(composition.manifest),
    ]);
    await writeOutput(output, composition.bytes);
    const report = values.json
      ? `${JSON.stringify(summarise(output, composition), null, 2)}\n`
      : describe(output, composition);
    process[output === "-" ? "stderr" : "stdout"].write(report);
    return 0;
  },
};

function isConfig(name: string): boolean {
  return name.endsWith(".json");
}

/** How `tenon.lock` is taken; with `--update`, what is no tenon.json is the name of a part. */
function readLock(positionals: readonly string[], values: Arguments["values"]): ComposeProjectOptions {
  const names = positionals.filter((name) => !isConfig(name));
  if (values.update && values.frozen) {
    throw usageError("compose", '"--update" does not go with "--frozen"');
  }
  return {
    ...readLockOptions("compose", values),
    allow: readAllowances("compose", values.allow as string | undefined),
    ...(values.update === true && { update: names.length === 0 ? ("all" as const) : names }),
  };
}

async function composeConfig(
  config: string,
  snapshot: boolean,
  lock: ComposeProjectOptions,
): Promise<ComposedProject> {
  if (!snapshot) return composeProject(config, lock);
  const { project, warnings } = await snapshotJwks(await readProject(config));
  const composed = await composeProject(project, lock);
  return { ...composed, warnings: [...composed.warnings, ...warnings] };
}

async function printRecording(config: string, file: string, json: boolean): Promise<number> {
  const calls = readCalls(file, new TextDecoder().decode(await readInput(file, "calls")));
  printWarnings(["Recording: every part reaches what it asks for while the calls run"]);
  // The host is needed for this alone.
  const { record } = await import("../record/record.ts");
  const { outcomes, parts, warnings } = await record(config, calls, process.env["TENON_AUTHORIZATION"]);
  const failed = outcomes.flatMap((outcome, i) => (outcome === "ok" ? [] : [`Call ${i} failed: ${outcome}`]));
  printWarnings([...warnings, ...failed]);
  process.stdout.write(json ? `${JSON.stringify({ outcomes, parts }, null, 2)}\n` : diffText(parts));
  return 0;
}

async function composeFiles(
  files: readonly string[],
  uses: readonly string[],
  name: string | undefined,
  { offline = false, registry = {} }: ComposeProjectOptions,
): Promise<ComposedProject> {
  const puller = createPuller({ ...registry, offline });
  const load = (reference: string): Promise<NamedComponent> => loadNamed(reference, puller);
  const providers = await Promise.all(files.map(load));
  const middleware = await Promise.all(uses.map(load));
  const composition = await composeCore({
    name: name ?? providers[0]!.as,
    version: "0.0.0",
    access: "public",
    providers,
    middleware,
  });
  const warnings = [...providers, ...middleware].flatMap((part) => part.warnings);
  return { ...composition, warnings, lockChanges: [] };
}

interface NamedComponent {
  as: string;
  bytes: Uint8Array;
  warnings: string[];
}

async function loadNamed(reference: string, puller: Puller): Promise<NamedComponent> {
  const { bytes, built } = await loadComponent(reference, resolve("."), puller);
  return { as: defaultName(reference), bytes, warnings: built?.warnings ?? [] };
}

function summarise(path: string, { bytes, digest, manifest, imports }: Composition): object {
  const { name, version, access, middleware, fused, providers, stubs } = manifest;
  const sizes = { raw: bytes.length, gzip: gzipSync(bytes).length };
  return { path, digest, name, version, access, middleware, fused, providers, sizes, imports, stubs };
}

/** The names in one component of the chain. */
function linkText({ parts }: ReturnType<typeof claimedLinks>[number]): string {
  return parts.map(({ as }) => as).join(" + ");
}

function describe(path: string, { bytes, digest, manifest, imports }: Composition): string {
  const named = (kind: keyof Offers): string[] =>
    manifest.providers.flatMap(({ as, [kind]: names = [] }) => names.map((name) => `${name} (${as})`));
  const lines = [
    `${manifest.name} ${manifest.version} -> ${path}`,
    fact("digest", digest),
    fact("access", manifest.access),
    fact("chain", [...claimedLinks(manifest).map(linkText), "router"].join(" -> ")),
    ...offerLines({
      tools: named("tools"),
      resources: named("resources"),
      resourceTemplates: named("resourceTemplates"),
      prompts: named("prompts"),
    }),
    fact("size", `${formatSize(bytes.length)}, ${formatSize(gzipSync(bytes).length)} gzip`),
    fact("imports", imports.join(", ") || "none"),
    fact("denied", `${manifest.stubs.length} functions answered by stubs`),
  ];
  return `${lines.join("\n")}\n`;
}
