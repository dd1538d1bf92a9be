import { open, rm } from "node:fs/promises";
import { ToolkitError } from "../../errors/index.ts";
import { makeKeyPair } from "../../signatures/index.ts";
import { parseArguments, usageError } from "../arguments.ts";
import type { Command } from "../command.ts";
import { fileError } from "../files.ts";
import { readPassphrase } from "../read-passphrase.ts";

const HELP = `Makes a pair of keys to sign components with: ECDSA on P-256, which cosign uses as well.

Usage: tenon keygen [--output <prefix>]

  -o, --output <prefix>    write <prefix>.key and <prefix>.pub (default: tenon)

The private key is encrypted with a passphrase, asked for at the terminal or read from TENON_KEY_PASSPHRASE. Only you may
read its file. Files that are there are never overwritten. Prints the id of the public key.

Examples:
  tenon keygen                                         # writes tenon.key and tenon.pub
  tenon keygen -o keys/acme
  tenon push notes.wasm registry.example/acme/notes:1.0.0 --sign keys/acme.key
`;

/** `tenon keygen`: a pair of keys to sign with. */
export const keygen: Command = {
  help: HELP,
  async run(argv) {
    const { positionals, values } = parseArguments("keygen", argv, {
      output: { type: "string", short: "o" },
    });
    if (positionals.length > 0) {
      throw usageError("keygen", "it takes no arguments", 'Name where the files go with "--output"');
    }
    const prefix = (values.output as string | undefined) ?? "tenon";
    const files = { private: `${prefix}.key`, public: `${prefix}.pub` };
    const passphrase = await readPassphrase(`private key "${files.private}"`, true);
    const pair = await makeKeyPair(passphrase);
    await create(files.private, pair.privateKeyPem, 0o600);
    try {
      await create(files.public, pair.publicKeyPem, 0o644);
    } catch (error) {
      // A private key without its public half is of no use, and would be in the way the next time.
      await rm(files.private);
      throw error;
    }
    process.stderr.write(`Wrote ${files.private} (keep it secret) and ${files.public} (give it away)\n`);
    process.stdout.write(`${pair.id}\n`);
    return 0;
  },
};

async function create(path: string, text: string, mode: number): Promise<void> {
  try {
    const file = await open(path, "wx", mode);
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw fileError(`Cannot write "${path}"`, error);
    throw new ToolkitError(`Cannot write "${path}": the file is there already`, {
      code: "ERR_FILE",
      hint: 'Keys are never overwritten; name others with "--output"',
      cause: error,
    });
  }
}
