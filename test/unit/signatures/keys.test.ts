import { createPublicKey, generateKeyPairSync } from "node:crypto";
import { beforeAll, describe, expect, test, vi } from "vitest";
import { makeKeyPair, openPrivateKey, readPublicKey, type KeyPair } from "../../../src/signatures/index.ts";

const PASSPHRASE = "correct horse";
const ENCRYPTED = "ENCRYPTED SIGSTORE PRIVATE KEY";
let pair: KeyPair;
beforeAll(async () => {
  pair = await makeKeyPair(PASSPHRASE);
});

const open = (pem: string, passphrase = PASSPHRASE): Promise<unknown> =>
  openPrivateKey(pem, 'private key "a.key"', async () => passphrase);

/** The key file with something changed in it. */
const box = (change: (file: Record<string, any>) => void): string => {
  const body = pair.privateKeyPem.split("\n").slice(1, -2).join("");
  const file = JSON.parse(Buffer.from(body, "base64").toString()) as Record<string, any>;
  change(file);
  return `-----BEGIN ${ENCRYPTED}-----\n${Buffer.from(JSON.stringify(file)).toString("base64")}\n-----END ${ENCRYPTED}-----\n`;
};

describe("makeKeyPair()", () => {
  test("makes a key that its passphrase opens, and the id of its public half", async () => {
    expect(pair.privateKeyPem).toMatch(
      new RegExp(`^-----BEGIN ${ENCRYPTED}-----\n[\\w+/=\n]+-----END ${ENCRYPTED}-----\n$`),
    );
    const key = await openPrivateKey(pair.privateKeyPem, "key", async () => PASSPHRASE);
    expect(key.publicKey.id).toBe(pair.id);
    expect(readPublicKey(pair.publicKeyPem, "key").id).toBe(pair.id);
    expect(pair.id).toMatch(/^sha256:[0-9a-f]{64}$/);
  });

  test("writes a public key that others read", () => {
    expect(createPublicKey(pair.publicKeyPem).asymmetricKeyDetails?.namedCurve).toBe("prime256v1");
  });
});

describe("openPrivateKey()", () => {
  test("refuses another passphrase, and does not show the key", async () => {
    await expect(open(pair.privateKeyPem, "wrong")).rejects.toMatchObject({
      code: "ERR_SIGNATURE",
      message: 'Cannot open private key "a.key": the passphrase is wrong, or the file was altered',
    });
  });

  test("reads PKCS#8, with a passphrase and without", async () => {
    const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    const plain = privateKey.export({ type: "pkcs8", format: "pem" }) as string;
    const passphrase = PASSPHRASE;
    const sealed = privateKey.export({
      type: "pkcs8",
      format: "pem",
      cipher: "aes-256-cbc",
      passphrase,
    }) as string;
    const [first, second] = await Promise.all([open(plain), open(sealed)]);
    expect(first).toMatchObject({
      publicKey: { id: (second as { publicKey: { id: string } }).publicKey.id },
    });
    await expect(open(sealed, "wrong")).rejects.toThrow("the passphrase is wrong");
  });

  test("asks for no passphrase where none is needed", async () => {
    const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    const pem = privateKey.export({ type: "pkcs8", format: "pem" }) as string;
    const asked = vi.fn(async () => "");
    await expect(openPrivateKey(pem, "key", asked)).resolves.toBeDefined();
    expect(asked).not.toHaveBeenCalled();
  });

  test.each<[string, (file: Record<string, any>) => void]>([
    ["asks for more memory than tools use", (file) => (file["kdf"].params.N = 1 << 24)],
    ["asks for weak work", (file) => (file["kdf"].params.N = 2)],
    ["asks for another r", (file) => (file["kdf"].params.r = 1)],
    ["asks for another p", (file) => (file["kdf"].params.p = 1024)],
    ["names another derivation", (file) => (file["kdf"].name = "none")],
    ["names another cipher", (file) => (file["cipher"].name = "none")],
    ["has a short nonce", (file) => (file["cipher"].nonce = "AAAA")],
    ["has no ciphertext", (file) => delete file["ciphertext"]],
    ["has junk in base64", (file) => (file["ciphertext"] += " ")],
  ])("refuses a key file that %s", async (_what, change) => {
    await expect(open(box(change))).rejects.toThrow("it is not encrypted with scrypt and secretbox");
  });

  test("refuses a ciphertext that was altered", async () => {
    const pem = box((file) => {
      const bytes = Buffer.from(file["ciphertext"] as string, "base64");
      bytes[20]! ^= 1;
      file["ciphertext"] = bytes.toString("base64");
    });
    await expect(open(pem)).rejects.toThrow("the passphrase is wrong, or the file was altered");
  });

  test("refuses other curves and other kinds of keys", async () => {
    for (const key of [
      generateKeyPairSync("ec", { namedCurve: "P-384" }),
      generateKeyPairSync("ec", { namedCurve: "secp256k1" }),
      generateKeyPairSync("ed25519"),
      generateKeyPairSync("rsa", { modulusLength: 2048 }),
    ]) {
      const pem = key.privateKey.export({ type: "pkcs8", format: "pem" }) as string;
      await expect(open(pem)).rejects.toMatchObject({
        code: "ERR_SIGNATURE",
        hint: 'Only ECDSA keys on P-256 sign and verify; "tenon keygen" makes one',
      });
    }
  });

  test("refuses blocks of other kinds, and more than one", async () => {
    const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    const sec1 = privateKey.export({ type: "sec1", format: "pem" }) as string;
    await expect(open(sec1)).rejects.toThrow('it is a "EC PRIVATE KEY"');
    await expect(open(pair.publicKeyPem)).rejects.toThrow('it is a "PUBLIC KEY"');
    await expect(open(pair.privateKeyPem.repeat(2))).rejects.toThrow("it is not one PEM block");
    await expect(open("")).rejects.toThrow("it is not one PEM block");
    await expect(open(" ".repeat(20_000) + pair.privateKeyPem)).rejects.toThrow("it is not one PEM block");
  });
});

describe("readPublicKey()", () => {
  test("refuses a private key, and says which file to name", () => {
    expect(() => readPublicKey(pair.privateKeyPem, 'public key "a.key"')).toThrow(
      expect.objectContaining({
        message: expect.stringContaining("PRIVATE KEY"),
        hint: expect.stringContaining(".pub"),
      }),
    );
  });

  test("refuses other curves, certificates, and junk", () => {
    const { publicKey } = generateKeyPairSync("ec", { namedCurve: "P-384" });
    const other = publicKey.export({ type: "spki", format: "pem" }) as string;
    expect(() => readPublicKey(other, "key")).toThrow("Cannot use key: it is on the curve secp384r1");
    const junk = "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n";
    expect(() => readPublicKey(junk, "key")).toThrow("its content is not a public key");
    expect(() => readPublicKey(`${pair.publicKeyPem}x`, "key")).toThrow("it is not one PEM block");
    const cut = pair.publicKeyPem.replace(/..\n-----END/, "\n-----END");
    expect(() => readPublicKey(cut, "key")).toThrow();
  });

  test("gives the id that others compute: SHA-256 of the SubjectPublicKeyInfo", () => {
    const pem =
      "-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEaxfR8uEsQkf4vOblY6RA8ncDfYEt\n6zOg9KE5RdiYwpZP40Li/hp/m47n60p8D54WK84zV2sxXs7LtkBoN79R9Q==\n-----END PUBLIC KEY-----\n";
    // openssl pkey -pubin -outform DER | sha256sum
    expect(readPublicKey(pem, "key").id).toBe(
      "sha256:5cd252fb0ce8932436faf8ccd1040981b89ee4ad6b9fe9e2a2b7e71aacb27cd3",
    );
  });
});
