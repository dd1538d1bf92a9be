import {
  formatReference,
  openRepository,
  parseReference,
  type Descriptor,
  type Repository,
} from "../../oci/index.ts";
import { readProject, readTrust } from "../../project/index.ts";
import { verifySignatures, type Signer } from "../../signatures/index.ts";
import { parseArguments, usageError } from "../arguments.ts";
import type { Command } from "../command.ts";
import { fact } from "../offers.ts";
import { readVerifyingKeys } from "../read-signing-key.ts";
import { REGISTRY_OPTIONS, REGISTRY_OPTIONS_HELP, registrySettings } from "../registry-options.ts";

const HELP = `Checks who signed an artifact of an OCI registry: "tenon push --sign", or cosign with a key. Nothing of it is fetched
but its manifest and its signatures.

Usage: tenon verify <registry/repository[:tag][@digest]> [--key <file> ...] [options]

      --key <file>          public key; a signature by any of them will do
      --config <tenon.json>
                            without --key: whose rules of "trust" decide (default: tenon.json)
${REGISTRY_OPTIONS_HELP}
      --json                print the result as JSON

Prints the reference with the digest that was signed: use that from then on, for a tag may move. Without tag and digest,
the tag is "latest". Certificates and transparency logs are not looked at. Exits with 1 when no signature counts.

Examples:
  tenon verify registry.example/acme/notes:1.0.0 --key keys/acme.pub
  tenon verify registry.example/acme/notes:1.0.0 --json | jq -r .signer.key
`;

/** `tenon verify`: who signed an artifact. */
export const verify: Command = {
  help: HELP,
  async run(argv) {
    const { positionals, values } = parseArguments("verify", argv, {
      ...REGISTRY_OPTIONS,
      key: { type: "string", multiple: true },
      config: { type: "string" },
      json: { type: "boolean" },
    });
    const [text, ...rest] = positionals;
    if (text === undefined) throw usageError("verify", "no reference is given");
    if (rest.length > 0) throw usageError("verify", "more than one reference is given");
    if (values.key !== undefined && values.config !== undefined) {
      throw usageError("verify", '"--key" does not go with "--config"');
    }
    const reference = parseReference(text);
    const judge = await readJudge(values.key as string[] | undefined, values.config as string | undefined);
    const repository = openRepository(reference, registrySettings("verify", values));
    const { descriptor } = await repository.manifest(reference.digest ?? reference.tag ?? "latest");
    const signer = await judge(descriptor, repository);
    const shown = formatReference({ ...reference, digest: descriptor.digest });
    process.stdout.write(values.json ? json(shown, signer) : lines(shown, signer));
    return 0;
  },
};

type Judge = (manifest: Descriptor, repository: Repository) => Promise<Signer | undefined>;

async function readJudge(keyFiles: string[] | undefined, config = "tenon.json"): Promise<Judge> {
  if (keyFiles !== undefined) {
    const keys = await readVerifyingKeys(keyFiles);
    return (manifest, repository) => verifySignatures(manifest, repository, keys);
  }
  const project = await readProject(config);
  if (project.file.trust === undefined) {
    throw usageError("verify", `"${config}" has no rules of trust`, 'Name a public key with "--key"');
  }
  const policy = await readTrust(project);
  return (manifest, repository) => policy.admit(manifest, repository);
}

function lines(reference: string, signer: Signer | undefined): string {
  const by = signer === undefined ? "nobody, which the rules of trust allow" : signer.keyId;
  return `${[reference, fact("signed by", by)].join("\n")}\n`;
}

function json(reference: string, signer: Signer | undefined): string {
  const by = signer && { key: signer.keyId, layout: signer.layout, manifest: signer.manifest };
  return `${JSON.stringify({ reference, signer: by ?? null }, null, 2)}\n`;
}
