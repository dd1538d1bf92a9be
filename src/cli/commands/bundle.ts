import { resolve } from "node:path";
import { gzipSync } from "node:zlib";
import { bundle as makeBundle, describeValue, type Bundle } from "../../bundle/index.ts";
import { parseArguments, usageError, type Arguments } from "../arguments.ts";
import { BUNDLE_OPTIONS, readBundleOptions } from "../bundle-options.ts";
import type { Command } from "../command.ts";
import { formatSize } from "../format.ts";
import { LOCK_OPTIONS, LOCK_OPTIONS_HELP } from "../lock-options.ts";
import { fact } from "../offers.ts";
import { readCore } from "../read-core.ts";
import { writeFolder, type OutputFile } from "../write-folder.ts";

const HELP = `Puts the adapter of a host around a composed server, and writes what that host needs to run it.

Usage: tenon bundle [core.wasm | tenon.json | oci://…] --host <host> [-o folder] [--json]

      --host <host>     wasmtime, spin, fastly or stdio (a local MCP server that wasmtime runs)
  -o, --output <folder> where to write (default: bundle-<host>). A folder is replaced when it holds an unchanged bundle
      --force           write into a folder that holds something else; files of the same names are replaced
${LOCK_OPTIONS_HELP}
      --json            print the result as JSON

How it serves HTTP:
      --path <path>     where MCP is served (default: /mcp)
      --allow-host <host>
                        host name the server is reached by; may be repeated (default: loopback names; on Fastly any)
      --allow-origin <origin>
                        origin whose web pages may call, such as https://app.example; may be repeated
      --deadline <ms>   time a call may take (default: 10000)
      --max-body <bytes>
                        content a request may have (default: 1048576)

What the host lends:
      --state-key <place>
                        where TENON_STATE_KEY is, which seals what clients carry while they are asked: environment
                        (wasmtime), secret-store (Fastly), variable (Spin)
      --log-endpoint <name>
                        Fastly: the endpoint that log lines go to (default: standard error)
      --rate-counters <prefix>
                        Fastly: keep the budgets of the rate-limit with this keyPrefix in rate counters, which are not
                        exact; may be repeated (default: in the KV store)
      --kv instance     keys live in the memory of an instance, on hosts without a store (wasmtime, stdio)
      --image <ref>     Spin: the image the application is pushed to; writes what SpinKube applies as well
      --install <path>  absolute path of the folder where it will run, for files that name it (default: /opt/<name>; for
                        stdio the folder that is written)

What a host cannot enforce or keep is refused, with the way out. Values of configuration and secrets are never in a
bundle: the files name them, and the host supplies them.

Examples:
  tenon bundle --host wasmtime                              # ./tenon.json -> bundle-wasmtime
  tenon bundle core.wasm --host fastly -o deploy
  tenon bundle core.wasm --host wasmtime --allow-host mcp.example --json | jq .imports
`;

const RECORD = "bundle.json";

/** `tenon bundle`: a core to what a host runs. */
export const bundle: Command = {
  help: HELP,
  async run(argv) {
    const { positionals, values } = parseArguments("bundle", argv, {
      output: { type: "string", short: "o" },
      force: { type: "boolean" },
      json: { type: "boolean" },
      ...BUNDLE_OPTIONS,
      ...LOCK_OPTIONS,
    });
    if (positionals.length > 1) throw usageError("bundle", "more than one file is given");
    const options = readBundleOptions("bundle", values);
    const folder = outputFolder(values, options.host);
    const core = await readCore("bundle", positionals[0] ?? "tenon.json", values);
    // A client of this machine starts it where it is written.
    const place = options.host === "stdio" ? { folder: resolve(folder) } : {};
    const made = await makeBundle({ core, ...place, ...options });
    const record = { name: RECORD, members: membersOf(options.host, made) };
    const files = { [made.artifact]: { content: made.bytes }, ...outputFiles(made) };
    await writeFolder(folder, files, { record, force: values.force === true });
    const names = [...Object.keys(files), RECORD];
    process.stdout.write(
      values.json
        ? `${JSON.stringify({ folder, ...record.members, files: names, sizes: sizesOf(made) }, null, 2)}\n`
        : describe(folder, options.host, made, names),
    );
    return 0;
  },
};

function outputFolder({ output }: Arguments["values"], host: string): string {
  if (output === "-") throw usageError("bundle", "a bundle is a folder, which cannot go to stdout");
  return (output as string | undefined) ?? `bundle-${host}`;
}

function outputFiles({ files }: Bundle): Record<string, OutputFile> {
  return Object.fromEntries(
    Object.entries(files).map(([name, { text, executable = false }]) => [
      name,
      { content: text, executable },
    ]),
  );
}

/** What `bundle.json` says, besides the digests of the files. */
function membersOf(host: string, { artifact, coreDigest, imports, manifest, run, values }: Bundle): object {
  const { name, version } = manifest;
  return { bundleVersion: 1, host, name, version, artifact, core: coreDigest, imports, values, run };
}

function sizesOf({ bytes }: Bundle): { raw: number; gzip: number } {
  return { raw: bytes.length, gzip: gzipSync(bytes).length };
}

function describe(folder: string, host: string, made: Bundle, names: readonly string[]): string {
  const { manifest, coreDigest, imports, values, run } = made;
  const { raw, gzip } = sizesOf(made);
  const lines = [
    `${manifest.name} ${manifest.version} for ${host} -> ${folder}`,
    fact("core", coreDigest),
    fact("files", names.join(", ")),
    fact("size", `${formatSize(raw)}, ${formatSize(gzip)} gzip`),
    fact("imports", imports.join(", ") || "none"),
    ...values.map((value) => fact("needs", `${value.variable}: ${describeValue(value)}`)),
    fact("run", `cd ${shellWord(folder)} && ${run}`),
  ];
  return `${lines.join("\n")}\n`;
}

function shellWord(text: string): string {
  return /^[\w./-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
