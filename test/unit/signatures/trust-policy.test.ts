import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ToolkitError } from "../../../src/errors/index.ts";
import { parseReference, type Descriptor } from "../../../src/oci/index.ts";
import {
  attachSignatures,
  makeKeyPair,
  openPrivateKey,
  sign,
  trustPolicy,
  type PrivateKey,
  type Signer,
  type TrustRule,
} from "../../../src/signatures/index.ts";
import { memoryRepository, type MemoryRepository } from "./memory-repository.ts";

const MANIFEST = "application/vnd.oci.image.manifest.v1+json";

let folder: string;
let ours: PrivateKey;
let theirs: PrivateKey;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "tenon-trust-"));
  [ours, theirs] = await Promise.all([newKey("ours"), newKey("theirs")]);
  writeFileSync(join(folder, "junk.pub"), "junk");
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function newKey(name: string): Promise<PrivateKey> {
  const pair = await makeKeyPair("x");
  writeFileSync(join(folder, `${name}.pub`), pair.publicKeyPem);
  return await openPrivateKey(pair.privateKeyPem, "key", async () => "x");
}

async function artifact(
  name: string,
  key?: PrivateKey,
): Promise<{ repository: MemoryRepository; manifest: Descriptor }> {
  const reference = parseReference(name);
  const repository = memoryRepository(reference);
  const manifest = await repository.putManifest(Buffer.from("{}"), MANIFEST);
  if (key) await attachSignatures(manifest, repository, sign(manifest, reference, key), key.publicKey);
  return { repository, manifest };
}

async function admit(
  rules: TrustRule[] | undefined,
  name: string,
  key?: PrivateKey,
): Promise<Signer | undefined> {
  const [policy, { repository, manifest }] = await Promise.all([
    trustPolicy(rules, folder),
    artifact(name, key),
  ]);
  return await policy.admit(manifest, repository);
}

async function refusal(action: Promise<unknown>): Promise<ToolkitError> {
  const error = await action.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(ToolkitError);
  return error as ToolkitError;
}

describe("admit()", () => {
  test("lets everything through where there are no rules", async () => {
    await expect(admit(undefined, "registry.example/acme/notes")).resolves.toBeUndefined();
  });

  test.each(["registry.example/acme/notes", "registry.example/acme/*", "registry.example/*"])(
    "returns who signed what the rule for %s covers",
    async (repository) => {
      const rules = [{ repository, keys: ["theirs.pub", "ours.pub"] }];
      await expect(admit(rules, "registry.example/acme/notes:1", ours)).resolves.toMatchObject({
        keyId: ours.publicKey.id,
      });
    },
  );

  test("refuses what is not signed, and says so", async () => {
    const rules = [{ repository: "registry.example/acme/*", keys: ["ours.pub"] }];
    const error = await refusal(admit(rules, "registry.example/acme/notes:1"));
    expect(error).toMatchObject({
      code: "ERR_TRUST",
      message: expect.stringMatching(
        /^Cannot trust "oci:\/\/registry\.example\/acme\/notes:1@sha256:\w{64}": it is not signed$/,
      ),
      details: [`trusted: ${ours.publicKey.id}`],
      hint: 'Let who publishes it sign it, with "tenon push --sign" or cosign',
    });
  });

  test("refuses what another key signed", async () => {
    const rules = [{ repository: "registry.example/acme/*", keys: ["ours.pub"] }];
    const error = await refusal(admit(rules, "registry.example/acme/notes", theirs));
    expect(error).toMatchObject({
      code: "ERR_TRUST",
      message: expect.stringMatching(/: it is signed by another key$/),
    });
  });

  test.each([
    "registry.example/amce/notes",
    "registry.example/acme",
    "registry.example/acme-tools/notes",
    "registry.example:5000/acme/notes",
    "other.example/acme/notes",
  ])("refuses %s, which no rule covers", async (name) => {
    const rules = [{ repository: "registry.example/acme/*", keys: ["ours.pub"] }];
    const error = await refusal(admit(rules, name, ours));
    expect(error).toMatchObject({
      code: "ERR_TRUST",
      message: expect.stringMatching(/: no rule of tenon\.json covers it$/),
      hint: expect.stringContaining(`"${name}"`),
    });
  });

  test("takes the rule that says most of a repository", async () => {
    const rules: TrustRule[] = [
      { repository: "registry.example/*", keys: ["ours.pub"] },
      { repository: "registry.example/acme/notes", keys: ["theirs.pub"] },
      { repository: "registry.example/acme/*", unsigned: true },
    ];
    await expect(admit(rules, "registry.example/acme/notes", theirs)).resolves.toMatchObject({
      layout: "bundle",
    });
    await refusal(admit(rules, "registry.example/acme/notes", ours));
    await expect(admit(rules, "registry.example/acme/more")).resolves.toBeUndefined();
    await refusal(admit(rules, "registry.example/other"));
  });
});

describe("checkUsed()", () => {
  test("refuses a rule that is for none of the references", async () => {
    const policy = await trustPolicy(
      [
        { repository: "registry.example/acme/*", keys: ["ours.pub"] },
        { repository: "registry.example/amce/notes", keys: ["ours.pub"] },
      ],
      folder,
    );
    expect(() => policy.checkUsed([parseReference("registry.example/acme/notes:1")])).toThrow(
      expect.objectContaining({
        code: "ERR_CONFIG",
        message:
          'Cannot use the trust rule for "registry.example/amce/notes": it is for none of the components that are named here',
        at: ["trust", 1, "repository"],
      }),
    );
    expect(() =>
      policy.checkUsed(
        ["acme/notes", "amce/notes"].map((path) => parseReference(`registry.example/${path}`)),
      ),
    ).not.toThrow();
  });
});

const rulesWith = (file: string): TrustRule[] => [
  { repository: "registry.example/acme/*", keys: ["ours.pub", file] },
];

describe("trustPolicy()", () => {
  test.each([
    "*",
    "registry.example",
    "registry.example/ac*",
    "registry.example/*/notes",
    "registry.example/**",
    "registry.example/acme/",
    "registry.example/acme/notes:1.0.0",
    `registry.example/acme/notes@sha256:${"a".repeat(64)}`,
    "oci://registry.example/acme/notes",
    "Registry.example/acme/*",
    "acme/notes",
    "",
  ])("refuses a rule for %j", async (repository) => {
    const error = await refusal(trustPolicy([{ repository, unsigned: true }], folder));
    expect(error).toMatchObject({ code: "ERR_CONFIG", at: ["trust", 0, "repository"] });
    expect(error.message).toMatch(/it is not like "registry\.example\/team\/name"/);
  });

  test("refuses two rules for the same", async () => {
    const rule = { repository: "registry.example/acme/*", keys: ["ours.pub"] };
    const error = await refusal(trustPolicy([rule, { ...rule, keys: ["theirs.pub"] }], folder));
    expect(error).toMatchObject({
      message: expect.stringContaining("an earlier rule is for the same"),
      at: ["trust", 1, "repository"],
    });
  });

  test("refuses keys that are not there or are none", async () => {
    expect(await refusal(trustPolicy(rulesWith("none.pub"), folder))).toMatchObject({
      code: "ERR_FILE",
      message: 'Cannot read public key "none.pub": there is no such file',
      at: ["trust", 0, "keys", 1],
    });
    expect(await refusal(trustPolicy(rulesWith("junk.pub"), folder))).toMatchObject({
      code: "ERR_SIGNATURE",
      message: 'Cannot read public key "junk.pub": it is not one PEM block',
      at: ["trust", 0, "keys", 1],
    });
  });
});
