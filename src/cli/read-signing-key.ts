import { openPrivateKey, readPublicKey, type PrivateKey, type PublicKey } from "../signatures/index.ts";
import { readInput } from "./files.ts";
import { readPassphrase } from "./read-passphrase.ts";

/**
 * Reads a private key from a file, and its passphrase if it needs one.
 *
 * @throws {@link ToolkitError} `ERR_FILE`, `ERR_CONFIG` or `ERR_SIGNATURE`
 */
export async function readSigningKey(path: string): Promise<PrivateKey> {
  const where = `private key "${path}"`;
  return await openPrivateKey(await readText(path, "private key"), where, () => readPassphrase(where));
}

/** Reads public keys from files. @throws {@link ToolkitError} `ERR_FILE` or `ERR_SIGNATURE` */
export async function readVerifyingKeys(paths: readonly string[]): Promise<PublicKey[]> {
  return await Promise.all(
    paths.map(async (path) => readPublicKey(await readText(path, "public key"), `public key "${path}"`)),
  );
}

async function readText(path: string, what: string): Promise<string> {
  return Buffer.from(await readInput(path, what)).toString("utf8");
}
