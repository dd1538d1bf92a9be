import { createPrivateKey, generateKeyPair, type KeyObject } from "node:crypto";
import { promisify } from "node:util";
import { ToolkitError } from "../errors/index.ts";
import { decryptKey, encryptKey } from "./encrypted-key.ts";
import { readPem, writePem } from "./pem.ts";
import { publicKeyOf, type PublicKey } from "./public-key.ts";

/** A key that signs. */
export interface PrivateKey {
  /** Its public half. */
  readonly publicKey: PublicKey;
  readonly key: KeyObject;
}

/** A new pair, as it goes into files. */
export interface KeyPair {
  /** Hash of the public key, as {@link PublicKey} has it. */
  id: string;
  /** PEM block `ENCRYPTED SIGSTORE PRIVATE KEY`, which cosign reads as well. */
  privateKeyPem: string;
  /** PEM block `PUBLIC KEY`. */
  publicKeyPem: string;
}

const SIGSTORE = ["ENCRYPTED SIGSTORE PRIVATE KEY", "ENCRYPTED COSIGN PRIVATE KEY"];
const PKCS8_ENCRYPTED = "ENCRYPTED PRIVATE KEY";
const PKCS8 = "PRIVATE KEY";

/**
 * Makes an ECDSA key pair on P-256. The private key is PKCS#8, encrypted with a key that scrypt (N 65536, r 8, p 1) makes of
 * the passphrase.
 */
export async function makeKeyPair(passphrase: string): Promise<KeyPair> {
  const pair = await promisify(generateKeyPair)("ec", { namedCurve: "P-256" });
  const der = pair.privateKey.export({ type: "pkcs8", format: "der" });
  return {
    id: publicKeyOf(pair.publicKey, "the new key").id,
    privateKeyPem: writePem(SIGSTORE[0]!, await encryptKey(der, passphrase)),
    publicKeyPem: writePem("PUBLIC KEY", pair.publicKey.export({ type: "spki", format: "der" })),
  };
}

/**
 * Reads a private key: one that `tenon keygen` or cosign made, or PKCS#8 with or without a passphrase.
 *
 * @param where What errors call the text, such as `private key "tenon.key"`. The text itself is never shown.
 * @param passphrase Asked for when the key is encrypted.
 * @throws {@link ToolkitError} `ERR_SIGNATURE` when it is none of these, is not on P-256, or the passphrase does not open it
 */
export async function openPrivateKey(
  pem: string,
  where: string,
  passphrase: () => Promise<string>,
): Promise<PrivateKey> {
  const { label, content } = readPem(pem, `Cannot read ${where}`, SIGSTORE);
  const key = await openBlock(label, content, where, passphrase);
  return { publicKey: publicKeyOf(key, where), key };
}

async function openBlock(
  label: string,
  content: Buffer,
  where: string,
  passphrase: () => Promise<string>,
): Promise<KeyObject> {
  if (SIGSTORE.includes(label)) {
    const der = await decryptKey(content, await passphrase());
    if (typeof der === "string") throw cannotOpen(where, der);
    return readPkcs8(Buffer.from(der), where, "what it holds is not a PKCS#8 key");
  }
  if (label === PKCS8) return readPkcs8(content, where, "its content is not a PKCS#8 key");
  if (label !== PKCS8_ENCRYPTED) throw cannotOpen(where, `it is a "${label}"`);
  return readPkcs8(content, where, "the passphrase is wrong, or the file was altered", await passphrase());
}

function readPkcs8(der: Buffer, where: string, otherwise: string, passphrase?: string): KeyObject {
  try {
    return createPrivateKey({
      key: der,
      format: "der",
      type: "pkcs8",
      ...(passphrase !== undefined && { passphrase }),
    });
  } catch {
    throw cannotOpen(where, otherwise);
  }
}

function cannotOpen(where: string, state: string): ToolkitError {
  return new ToolkitError(`Cannot open ${where}: ${state}`, {
    code: "ERR_SIGNATURE",
    hint: 'Use a key that "tenon keygen" made, or an ECDSA key on P-256 in PKCS#8, as "openssl pkcs8 -topk8" writes it',
  });
}
