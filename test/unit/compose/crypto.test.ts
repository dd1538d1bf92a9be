import { createHash, generateKeyPairSync, randomBytes, sign, verify, type KeyObject } from "node:crypto";
import { readFileSync } from "node:fs";
import { p256 } from "@noble/curves/nist.js";
import { beforeAll, describe, expect, test } from "vitest";
import { generateCrypto } from "../../../src/compose/crypto/generate-crypto.ts";
import { cryptoInstances, type CryptoFunctions } from "../../fixtures/crypto-functions.ts";

const FIELD = 2n ** 256n - 2n ** 224n + 2n ** 192n + 2n ** 96n - 1n;
const ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
const HASHES = ["sha1", "sha256", "sha384", "sha512"] as const;

let instantiate: () => CryptoFunctions;
let crypto: CryptoFunctions;

beforeAll(async () => {
  instantiate = await cryptoInstances();
  crypto = instantiate();
});

function hex(...numbers: (bigint | number)[]): string {
  return numbers.map((number) => number.toString(16).padStart(64, "0")).join("");
}

function coordinatesOf(key: KeyObject): string {
  const { x, y } = key.export({ format: "jwk" });
  return [x, y].map((coordinate) => Buffer.from(coordinate!, "base64url").toString("hex")).join("");
}

function digestOf(message: Uint8Array): string {
  return createHash("sha256").update(message).digest("hex");
}

test("the component is small", async () => {
  const { length } = await generateCrypto();
  expect(length).toBeLessThan(16 * 1024);
});

describe("digests", () => {
  test("of RFC 6234, section 8.5", () => {
    const abc = Buffer.from("abc").toString("hex");
    expect(crypto.sha1(abc)).toBe("a9993e364706816aba3e25717850c26c9cd0d89d");
    expect(crypto.sha256(abc)).toBe("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    expect(crypto.sha384(abc)).toBe(
      "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7",
    );
    expect(crypto.sha512(abc)).toBe(
      "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a" +
        "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
    );
    expect(crypto.sha256("61".repeat(1_000_000))).toBe(
      "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0",
    );
  });

  test.each(HASHES)("%s of every length up to three blocks is what this process computes", (name) => {
    for (let length = 0; length <= 3 * 128; length++) {
      const data = randomBytes(length);
      expect(crypto[name](data.toString("hex")), data.toString("hex")).toBe(
        createHash(name).update(data).digest("hex"),
      );
    }
  });

  test("of texts in UTF-8", () => {
    for (const text of [
      "",
      "abc",
      "é€\u{1f600}\u0000",
      "0g",
      "a".repeat(55),
      "a".repeat(56),
      "ü".repeat(10_000),
    ]) {
      const digest = createHash("sha256").update(text).digest("hex");
      expect(crypto.sha256OfText(text), text.slice(0, 60)).toBe(digest);
    }
  });

  test("of long data, which memory grows for", () => {
    const data = randomBytes(3_000_001);
    for (const name of HASHES) {
      expect(crypto[name](data.toString("hex"))).toBe(createHash(name).update(data).digest("hex"));
    }
  });

  test("what is no hexadecimal text traps", () => {
    for (const text of ["0", "0g", "AB", " 0", "00\u0000", "é0", "000", `${"00".repeat(100)}0/`]) {
      expect(() => instantiate().sha256(text), JSON.stringify(text)).toThrow(/unreachable/);
    }
  });
});

describe("ECDSA with P-256", () => {
  interface Group {
    publicKey: { uncompressed: string };
    tests: { tcId: number; comment: string; msg: string; sig: string; result: string }[];
  }

  test("the vectors of Wycheproof", () => {
    const url = new URL("../../fixtures/wycheproof/ecdsa_secp256r1_sha256_p1363_test.json", import.meta.url);
    const { testGroups, numberOfTests } = JSON.parse(readFileSync(url, "utf8")) as {
      testGroups: Group[];
      numberOfTests: number;
    };
    const results = testGroups.flatMap(({ publicKey, tests }) =>
      tests.map(({ tcId, comment, msg, sig, result }) => {
        const key = publicKey.uncompressed.slice(2);
        const digest = digestOf(Buffer.from(msg, "hex"));
        return { tcId, comment, result, is: crypto.verifyP256(key, digest, sig) ? "valid" : "invalid" };
      }),
    );
    expect(results).toHaveLength(numberOfTests);
    expect(results.filter(({ result, is }) => result !== is)).toEqual([]);
  });

  test("what this process signs and what it refuses, for keys and messages at random", () => {
    for (let i = 0; i < 20; i++) {
      const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
      const key = coordinatesOf(publicKey);
      expect(crypto.isP256Key(key), key).toBe(true);
      for (let j = 0; j < 50; j++) {
        const message = randomBytes(j);
        const signature = sign("sha256", message, { key: privateKey, dsaEncoding: "ieee-p1363" });
        const ask = (): boolean => crypto.verifyP256(key, digestOf(message), signature.toString("hex"));
        expect(ask(), `${key} ${message.toString("hex")} ${signature.toString("hex")}`).toBe(true);
        signature[randomBytes(1)[0]! % 64]! ^= 1 << (j % 8);
        expect(ask(), `${key} ${message.toString("hex")} ${signature.toString("hex")}`).toBe(
          verify("sha256", message, { key: publicKey, dsaEncoding: "ieee-p1363" }, signature),
        );
      }
    }
  }, 120_000);

  test("numbers next to the limits of words, which random ones never are", () => {
    const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    const key = coordinatesOf(publicKey);
    const message = Buffer.from("tenon");
    const [r, s] = sign("sha256", message, { key: privateKey, dsaEncoding: "ieee-p1363" })
      .toString("hex")
      .match(/.{64}/g)!
      .map((part) => BigInt(`0x${part}`)) as [bigint, bigint];
    const digest = digestOf(message);
    expect(crypto.verifyP256(key, digest, hex(r, s))).toBe(true);
    // Either s of a pair is valid.
    expect(crypto.verifyP256(key, digest, hex(r, ORDER - s))).toBe(true);
    const odd = [
      0n,
      1n,
      2n,
      ORDER - 1n,
      ORDER,
      ORDER + 1n,
      FIELD - ORDER,
      FIELD - 1n,
      FIELD,
      2n ** 256n - 1n,
    ];
    for (let bit = 31n; bit < 256n; bit += 32n)
      odd.push(2n ** bit, 2n ** (bit + 1n) - 1n, 2n ** 256n - 2n ** bit);
    for (const number of odd) {
      for (const [name, signature] of Object.entries({
        r: hex(number, s),
        s: hex(r, number),
        both: hex(number, number),
      })) {
        const expected = verify(
          "sha256",
          message,
          { key: publicKey, dsaEncoding: "ieee-p1363" },
          Buffer.from(signature, "hex"),
        );
        expect(crypto.verifyP256(key, digest, signature), `${name} ${number}`).toBe(expected);
      }
    }
  });

  test("a digest of any value, and one that is zero", () => {
    const { publicKey, secretKey } = p256.keygen();
    const key = p256.Point.fromBytes(publicKey).toHex(false).slice(2);
    for (const digest of [0n, 1n, ORDER - 1n, ORDER, ORDER + 1n, 2n ** 256n - 1n]) {
      // This process signs no digest whose message is not known.
      const given = Buffer.from(hex(digest), "hex");
      const signature = Buffer.from(p256.sign(given, secretKey, { prehash: false })).toString("hex");
      expect(crypto.verifyP256(key, hex(digest), signature), String(digest)).toBe(true);
      expect(crypto.verifyP256(key, hex(digest ^ 1n), signature), String(digest)).toBe(false);
    }
  });

  test("keys that are no points of the curve", () => {
    const base = hex(
      0x6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296n,
      0x4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5n,
    );
    // The curve has a point with x = 0.
    const y = 0x66485c780e2f83d72433bd5d84a06bb6541c2af31dae871728bf856a174f93f4n;
    expect([base, hex(0, y), hex(0, FIELD - y)].map((key) => crypto.isP256Key(key))).toEqual([
      true,
      true,
      true,
    ]);
    const wrong = [
      hex(0, 0),
      hex(0, y ^ 1n),
      hex(FIELD, y),
      hex(0, FIELD + (2n ** 256n - FIELD - 1n)),
      hex(2n ** 256n - 1n, 2n ** 256n - 1n),
      base.slice(0, -2),
      `${base}00`,
      `04${base}`,
      "",
    ];
    expect(wrong.filter((key) => crypto.isP256Key(key))).toEqual([]);
    const signature = hex(1, 1);
    expect(wrong.filter((key) => crypto.verifyP256(key, hex(1), signature))).toEqual([]);
  });

  test("nothing of a wrong length is accepted", () => {
    const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    const key = coordinatesOf(publicKey);
    const signature = sign("sha256", Buffer.from("x"), {
      key: privateKey,
      dsaEncoding: "ieee-p1363",
    }).toString("hex");
    const digest = digestOf(Buffer.from("x"));
    expect(crypto.verifyP256(key, digest, signature)).toBe(true);
    expect(crypto.verifyP256(key, `${digest}00`, signature)).toBe(false);
    expect(crypto.verifyP256(key, digest.slice(2), signature)).toBe(false);
    expect(crypto.verifyP256(key, digest, `${signature}00`)).toBe(false);
    expect(crypto.verifyP256(key, digest, signature.slice(2))).toBe(false);
    expect(crypto.verifyP256(key, digest, "")).toBe(false);
  });
});
