import { createHash, createHmac, generateKeyPairSync, sign, webcrypto } from "node:crypto";
import { beforeAll, describe, expect, test } from "vitest";
import { buildComponent } from "../../../src/build/index.ts";
import { ecdsaResults } from "../../fixtures/ecdsa-results.ts";
import { compileComponent, type CompiledComponent } from "../../fixtures/compiled-component.ts";
import { generator, mismatches } from "../../fixtures/generate-inputs.ts";

let component: CompiledComponent;

beforeAll(async () => {
  const { bytes } = await buildComponent({ entry: "test/fixtures/components/web-apis.ts" });
  component = await compileComponent(bytes);
});

/** Calls a tool of the component that answers in JSON. */
function ask(tool: string, args: object = {}): unknown {
  const result = component.instantiate().call(tool, args);
  const [block] = result.content;
  if (result.isError) throw new Error(block!.text);
  return JSON.parse(block!.text);
}

/** What this process's own implementation gives. */
function attempt(run: () => unknown): unknown {
  try {
    return JSON.parse(JSON.stringify(run()));
  } catch (error) {
    return { throws: (error as Error).name };
  }
}

const base64 = (bytes: readonly number[] | Uint8Array): string => Buffer.from(bytes).toString("base64");

describe("TextDecoder", () => {
  // Lead bytes, continuations and limits of sequences, so that most combinations are nearly right.
  const BYTES = [
    0x00, 0x41, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbb, 0xbf, 0xc0, 0xc1, 0xc2, 0xdf, 0xe0, 0xe2, 0xed,
    0xef, 0xf0, 0xf3, 0xf4, 0xf5, 0xff,
  ];
  const pick = generator(1);
  const inputs = Array.from({ length: 3000 }, () =>
    Array.from({ length: 1 + pick(3) }, () =>
      base64(Array.from({ length: pick(6) }, () => BYTES[pick(BYTES.length)]!)),
    ),
  );
  const known = ["77u/QQ==", "77u/77u/", "8J+YgA==", "7aCA", "4oKs4oKs", "77+9"].map((text) => [text]);

  test.for([{}, { fatal: true }, { ignoreBOM: true }, { fatal: true, ignoreBOM: true }])(
    "decodes as this process does: %o",
    (options) => {
      const all = [...known, ...inputs];
      const expected = all.map((chunks) =>
        attempt(() => {
          const decoder = new TextDecoder("utf-8", options);
          return chunks.map((chunk, i) =>
            decoder.decode(Buffer.from(chunk, "base64"), { stream: i < chunks.length - 1 }),
          );
        }),
      );
      expect(mismatches(all, ask("decode", { inputs: all, options }) as unknown[], expected)).toEqual([]);
    },
  );

  test("knows the labels of UTF-8 alone", () => {
    expect(
      ask("labels", { labels: ["utf8", " UTF-8\n", "unicode-1-1-utf-8", "utf-16le", "latin1", ""] }),
    ).toEqual([
      "utf-8",
      "utf-8",
      "utf-8",
      { throws: "RangeError" },
      { throws: "RangeError" },
      { throws: "RangeError" },
    ]);
  });
});

test("TextEncoder encodes as this process does", () => {
  const pick = generator(2);
  const CHARACTERS = ["", "a", "é", "€", "😀", "\ud83d", "\ude00", "\0", "\uffff"];
  const texts = Array.from({ length: 500 }, () =>
    Array.from({ length: pick(8) }, () => CHARACTERS[pick(CHARACTERS.length)]).join(""),
  );
  const expected = texts.map((text) => {
    const target = new Uint8Array(5);
    const result = new TextEncoder().encodeInto(text, target);
    return [
      Buffer.from(new TextEncoder().encode(text)).toString("base64"),
      Buffer.from(target).toString("base64"),
      result,
    ];
  });
  expect(mismatches(texts, ask("encode", { texts }) as unknown[], expected)).toEqual([]);
});

test("structuredClone copies what can be copied, and refuses the rest", () => {
  expect(ask("clone")).toEqual({
    circular: true,
    shared: true,
    date: "1970-01-02T00:00:00.000Z",
    pattern: "/a+/giu",
    bytes: ["Uint16Array", 2, 2, 8],
    error: [true, "far", true],
    holes: [3, false],
    big: "12",
    wrapped: "object",
    moved: [0, [1, 2, 3]],
    plain: true,
    refused: Array.from({ length: 5 }, () => ({ throws: "DataCloneError" })),
    transferredTwice: { throws: "DataCloneError" },
  });
});

test("crypto.subtle digests and signs as this process does", () => {
  for (const length of [0, 1, 55, 64, 111, 128, 1000]) {
    const data = Buffer.alloc(length, "tenon");
    const key = Buffer.alloc(1 + length, "key");
    const expected = Object.fromEntries(
      ["SHA-1", "SHA-256", "SHA-384", "SHA-512"].map((name) => {
        const hash = name.replace("-", "").toLowerCase();
        const digest = createHash(hash).update(data).digest("hex");
        return [name, [digest, createHmac(hash, key).update(data).digest("hex"), true, false]];
      }),
    );
    const result = ask("digests", { data: data.toString("base64"), key: key.toString("base64") });
    const emptyKey = length === 0 ? "DataError" : "InvalidAccessError";
    expect(result).toEqual({
      ...expected,
      failures: ["NotSupportedError", "NotSupportedError", "SyntaxError", emptyKey],
    });
  }
});

test("crypto.subtle verifies ECDSA with P-256, and refuses keys, as this process does", async () => {
  const message = Buffer.from("tenon");
  for (const hash of ["sha256", "sha384", "sha512"]) {
    const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    const signature = sign(hash, message, { key: privateKey, dsaEncoding: "ieee-p1363" });
    const jwk = publicKey.export({ format: "jwk" }) as Record<string, string>;
    const point = Buffer.concat([
      Buffer.from([4]),
      ...[jwk["x"], jwk["y"]].map((coordinate) => Buffer.from(coordinate!, "base64url")),
    ]);
    const expected = await ecdsaResults(webcrypto.subtle, jwk, point, signature, message);
    const args = { jwk, point: base64(point), signature: base64(signature), message: base64(message) };
    expect(expected.slice(2, 4)).toEqual(Array(2).fill(hash === "sha256"));
    expect(ask("ecdsa", args)).toEqual(expected);
  }
});

test("crypto gives other random values in each instance", () => {
  const results = [0, 1].map(() => ask("random") as { bytes: string; uuids: string[]; refused: unknown });
  for (const { uuids, refused } of results) {
    for (const uuid of uuids)
      expect(uuid).toMatch(/^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/);
    expect(refused).toEqual([{ throws: "TypeMismatchError" }, { throws: "QuotaExceededError" }]);
  }
  expect(new Set(results.flatMap(({ bytes, uuids }) => [bytes, ...uuids])).size).toBe(6);
});

test("signals abort once, together, and by time", () => {
  expect(ask("events")).toEqual([
    ["abort true", "both are aborted: true", "any: AbortError", "TimeoutError", "why", "false"],
    { throws: "AbortError" },
  ]);
});
