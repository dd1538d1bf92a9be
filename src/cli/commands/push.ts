import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import { ToolkitError } from "../../errors/index.ts";
import { DEFAULT_TAG, formatReference, parseReference } from "../../oci/index.ts";
import { publishComponent, type PackageFacts } from "../../publish/index.ts";
import { attachSignatures, sign } from "../../signatures/index.ts";
import { parseArguments, usageError } from "../arguments.ts";
import type { Command } from "../command.ts";
import { readInput } from "../files.ts";
import { fact } from "../offers.ts";
import { readSigningKey } from "../read-signing-key.ts";
import { REGISTRY_OPTIONS, REGISTRY_OPTIONS_HELP, registrySettings } from "../registry-options.ts";

const HELP = `Publishes a component or a composed server to an OCI registry, with its manifest, its SBOM and its policy attached.
Name and version come from the component; licence, source and homepage from ./package.json, if there is one.

Usage: tenon push <file.wasm> <registry/repository[:tag]> [options]

      --annotation <key=value>
                            say this of it as well, or instead; once for each
      --sign <key>          sign it with a private key, as "tenon keygen" makes it, before the tag means it
      --mount-from <repository>
                            repository of the same registry that may have the component already
${REGISTRY_OPTIONS_HELP}
      --json                print the result as JSON

Without a tag, the tag is "latest". Credentials are those of "docker login". SOURCE_DATE_EPOCH, in seconds, says when it
was made; without it nothing does, and the same component gives the same digest.

Examples:
  tenon push core.wasm registry.example/acme/tools:1.0.0
  tenon push core.wasm registry.example/acme/tools:1.0.0 --sign tenon.key
  tenon push core.wasm localhost:5000/tools --annotation org.opencontainers.image.licenses=MIT
`;

const IMAGE = "org.opencontainers.image.";
const SHOWN = ["title", "version", "source", "licenses"];

/** `tenon push`: a component to a registry. */
export const push: Command = {
  help: HELP,
  async run(argv) {
    const { positionals, values } = parseArguments("push", argv, {
      ...REGISTRY_OPTIONS,
      annotation: { type: "string", multiple: true },
      sign: { type: "string" },
      "mount-from": { type: "string" },
      json: { type: "boolean" },
    });
    const [file, to, ...rest] = positionals;
    if (file === undefined) throw usageError("push", "no file is given");
    if (to === undefined) throw usageError("push", "it is not said where to push to");
    if (rest.length > 0) throw usageError("push", "more than one file and one reference are given");
    const reference = { tag: DEFAULT_TAG, ...parseReference(to) };
    if (reference.digest !== undefined) {
      throw usageError("push", "a digest is what pushing gives, not where it goes", "Name a tag instead");
    }
    const given = parseAnnotations((values.annotation as string[] | undefined) ?? []);
    const mountFrom = values["mount-from"] as string | undefined;
    // Before anything is sent, for it may ask for a passphrase.
    const signingKey = values.sign === undefined ? undefined : await readSigningKey(values.sign as string);
    const created = sourceDate(process.env["SOURCE_DATE_EPOCH"]);
    const published = await publishComponent(await readInput(file, "component"), reference, {
      ...registrySettings("push", values),
      name: basename(file),
      packageFacts: await readPackageFacts(),
      annotations: given,
      ...(mountFrom !== undefined && { mountFrom }),
      ...(created !== undefined && { created }),
      ...(signingKey !== undefined && {
        beforeTag: (manifest, repository) => {
          const signed = sign(manifest, reference, signingKey);
          return attachSignatures(manifest, repository, signed, signingKey.publicKey);
        },
      }),
    });
    const { component, annotations, attached } = published;
    const text = formatReference(published.reference);
    if (values.json) {
      const report = {
        reference: text,
        digest: published.manifest.digest,
        component,
        annotations,
        signer: signingKey?.publicKey.id ?? null,
        attached: attached.map(({ artifactType, digest }) => ({ artifactType, digest })),
      };
      process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
      return 0;
    }
    const lines = [
      text,
      fact("component", component),
      ...SHOWN.filter((name) => annotations[`${IMAGE}${name}`] !== undefined).map((name) =>
        fact(name, annotations[`${IMAGE}${name}`]!),
      ),
      fact("attached", attached.map(({ artifactType }) => artifactType).join(", ")),
      ...(signingKey === undefined ? [] : [fact("signed by", signingKey.publicKey.id)]),
    ];
    process.stdout.write(`${lines.join("\n")}\n`);
    return 0;
  },
};

function parseAnnotations(given: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    given.map((text) => {
      const at = text.indexOf("=");
      if (at < 1) throw usageError("push", `annotation "${text}" is not key=value`);
      return [text.slice(0, at), text.slice(at + 1)];
    }),
  );
}

// https://reproducible-builds.org/specs/source-date-epoch/
function sourceDate(text: string | undefined): Date | undefined {
  if (text === undefined || text === "") return undefined;
  if (/^\d{1,11}$/.test(text)) return new Date(Number(text) * 1000);
  throw new ToolkitError(`Cannot read SOURCE_DATE_EPOCH: "${text}" is not a number of seconds`, {
    code: "ERR_USAGE",
  });
}

async function readPackageFacts(): Promise<PackageFacts> {
  try {
    const value: unknown = JSON.parse(await readFile("package.json", "utf8"));
    return value !== null && typeof value === "object" ? value : {};
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return {};
    throw new ToolkitError('Cannot read "package.json": it is not JSON', { code: "ERR_FILE", cause: error });
  }
}
