import { readFileSync } from "node:fs";
import { beforeAll, describe, expect, test } from "vitest";
import { buildComponent } from "../../src/build/index.ts";
import { compileComponent, type Instance } from "../fixtures/compiled-component.ts";

interface Vector {
  tcId: number;
  comment: string;
  jws: string | object;
  result: "invalid" | "valid";
}
interface Group {
  comment: string;
  public?: Jwk | { keys: Jwk[] };
  private?: Jwk | { keys: Jwk[] };
  tests: Vector[];
}
type Jwk = Record<string, unknown>;

/** Valid vectors that are refused on purpose: why, how, and which. */
const REFUSED: [why: string, verdict: RegExp, ids: Record<string, number[]>][] = [
  [
    "HMAC needs the secret that signs",
    /^unknown-key: is a private key/,
    {
      json_web_signature: [1, 348, 352, 357, 358, 359, 376, 377],
      json_web_key: [2, 13, 14, 15],
    },
  ],
  ["the key is for PS256, and the token for PS384", /^wrong-algorithm$/, { json_web_signature: [346, 350] }],
  [
    "ES521, which the key is for, is no algorithm",
    /^unknown-key: is for another algorithm$/,
    { json_web_signature: [347, 351] },
  ],
  ["a question mark is not of the alphabet", /^malformed-token$/, { json_web_signature: [372, 373] }],
];

let instance: Instance;

beforeAll(async () => {
  const { bytes } = await buildComponent({ entry: "test/fixtures/components/jws-verifier.ts" });
  instance = (await compileComponent(bytes)).instantiate();
});

function verdictOn({ jws }: Vector, group: Group): string {
  const key = group.public ?? group.private!;
  const keys = Array.isArray(key["keys"]) ? (key["keys"] as Jwk[]) : [key as Jwk];
  const text = typeof jws === "string" ? jws : JSON.stringify(jws);
  return instance.call("verify", { jws: text, keys }).content[0]!.text;
}

describe.each(["json_web_signature", "json_web_key"])(
  "auth-jwt and the vectors of Wycheproof, %s:",
  (name) => {
    const url = new URL(`../fixtures/wycheproof/${name}_test.json`, import.meta.url);
    const { testGroups, numberOfTests } = JSON.parse(readFileSync(url, "utf8")) as {
      testGroups: Group[];
      numberOfTests: number;
    };
    const vectors = testGroups.flatMap((group) => group.tests.map((vector) => ({ group, vector })));

    test("no invalid one is accepted", () => {
      const invalid = vectors.filter(({ vector }) => vector.result === "invalid");
      const accepted = invalid.filter(({ group, vector }) => verdictOn(vector, group) === "valid");
      expect(accepted.map(({ vector }) => vector.tcId)).toEqual([]);
    });

    test("each valid one is accepted, but for those that are refused on purpose", () => {
      expect(vectors).toHaveLength(numberOfTests);
      const valid = vectors.filter(({ vector }) => vector.result === "valid");
      const refused = valid
        .map(({ group, vector }): [number, string] => [vector.tcId, verdictOn(vector, group)])
        .filter(([, verdict]) => verdict !== "valid");
      const listed = REFUSED.flatMap(([, verdict, { [name]: ids = [] }]) =>
        ids.map((id): [number, unknown] => [id, expect.stringMatching(verdict)]),
      );
      expect(refused).toEqual(listed.toSorted(([a], [b]) => a - b));
    });
  },
);
