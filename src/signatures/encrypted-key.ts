import { randomBytes, scrypt } from "node:crypto";
import { promisify } from "node:util";
import { secretbox } from "@noble/ciphers/salsa.js";
import { decodeBase64 } from "./base64.ts";
import { isRecord, parseStrictJson } from "./strict-json.ts";

/**
 * Key derivations that a key file may ask for. Others are refused: the file would decide how much memory and time reading it takes.
 */
const WORK_FACTORS = [32_768, 65_536, 131_072];
const WORK_FACTOR = 65_536;
const SALT_BYTES = 32;
const NONCE_BYTES = 24;
const MAX_MEMORY = 256 * 1024 * 1024;

const derive = promisify<string, Uint8Array, number, object, Buffer>(scrypt);

/**
 * Encrypts a private key with a passphrase the way Sigstore's tools do: scrypt and NaCl's secretbox, described by a
 * JSON object.
 */
export async function encryptKey(der: Uint8Array, passphrase: string): Promise<Uint8Array> {
  const [salt, nonce] = [randomBytes(SALT_BYTES), randomBytes(NONCE_BYTES)];
  const key = await deriveKey(passphrase, salt, WORK_FACTOR);
  const sealed = secretbox(key, nonce).seal(der);
  const file = {
    kdf: { name: "scrypt", params: { N: WORK_FACTOR, r: 8, p: 1 }, salt: salt.toString("base64") },
    cipher: { name: "nacl/secretbox", nonce: nonce.toString("base64") },
    ciphertext: Buffer.from(sealed).toString("base64"),
  };
  return Buffer.from(JSON.stringify(file));
}

/** Decrypts what {@link encryptKey} makes; a text that says why where it cannot. */
export async function decryptKey(file: Uint8Array, passphrase: string): Promise<Uint8Array | string> {
  const box = readBox(parseStrictJson(file));
  if (!box) return "it is not encrypted with scrypt and secretbox as Sigstore's tools do";
  const key = await deriveKey(passphrase, box.salt, box.workFactor);
  try {
    return secretbox(key, box.nonce).open(box.ciphertext);
  } catch {
    return "the passphrase is wrong, or the file was altered";
  }
}

interface Box {
  workFactor: number;
  salt: Buffer;
  nonce: Buffer;
  ciphertext: Buffer;
}

function readBox(value: unknown): Box | undefined {
  if (!isRecord(value) || !isRecord(value["kdf"]) || !isRecord(value["cipher"])) return undefined;
  const { kdf, cipher, ciphertext } = value;
  const params = kdf["params"];
  if (kdf["name"] !== "scrypt" || cipher["name"] !== "nacl/secretbox" || !isRecord(params)) return undefined;
  const { N: workFactor, r, p } = params;
  const [salt, nonce, sealed] = [kdf["salt"], cipher["nonce"], ciphertext].map((text) =>
    typeof text === "string" ? decodeBase64(text) : undefined,
  );
  const known = typeof workFactor === "number" && WORK_FACTORS.includes(workFactor) && r === 8 && p === 1;
  if (!known || !salt || nonce?.length !== NONCE_BYTES || !sealed) return undefined;
  return { workFactor, salt, nonce, ciphertext: sealed };
}

async function deriveKey(passphrase: string, salt: Uint8Array, workFactor: number): Promise<Buffer> {
  return await derive(passphrase, salt, 32, { N: workFactor, r: 8, p: 1, maxmem: MAX_MEMORY });
}
