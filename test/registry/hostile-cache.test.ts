import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, readdirSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { openRepository, parseReference, pullComponent } from "../../src/oci/index.ts";
import {
  artifact,
  COMPONENT,
  REGISTRY_HOST,
  serving,
  sha256,
  startFakeInternet,
  type FakeInternet,
} from "./hostile.ts";
import { OPENSSL } from "./make-certificate.ts";
import { nothingLeft, pull, REFERENCE, refused } from "./refusals.ts";

let internet: FakeInternet;

const blobPath = (digest: string): string =>
  join(internet.options.cacheDir, "blobs", "sha256", digest.slice("sha256:".length));
const PINNED = parseReference(`oci://${REGISTRY_HOST}/acme/notes@${sha256(artifact().manifest)}`);
const offline = (): Promise<unknown> => pullComponent(PINNED, { ...internet.options, offline: true });

const mount = (): boolean => {
  mkdirSync(internet.options.cacheDir, { mode: 0o700 });
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=64k,mode=700", "tmpfs", internet.options.cacheDir], {
      stdio: "ignore",
    });
    return true;
  } catch {
    process.stderr.write("\nNOT RUN: a small disk can only be mounted by root\n");
    return false;
  }
};

const many = (count: number): object => ({
  schemaVersion: 2,
  manifests: Array.from({ length: count }, (_, at) => ({
    mediaType: "a/b",
    digest: sha256(String(at)),
    size: 1,
  })),
});

const referrers = (): Promise<unknown> =>
  openRepository(REFERENCE, internet.options).referrers(PINNED.digest!);

describe.skipIf(OPENSSL.missing !== undefined)("the cache of registries", () => {
  beforeAll(async () => {
    internet = await startFakeInternet();
  });
  afterAll(() => internet?.stop());
  beforeEach(() => {
    internet.reset();
    internet.answer = serving(artifact());
  });

  it("serves what was pulled, offline, and asks nobody", async () => {
    expect((await pull(internet)).kept).toBe(true);
    internet.requests.length = 0;
    expect(await offline()).toMatchObject({ fromCache: true, layer: { digest: sha256(COMPONENT) } });
    expect(internet.requests).toEqual([]);
  });

  const damages: [string, (path: string) => void][] = [
    ["cut short", (path) => truncateSync(path, 100)],
    ["empty", (path) => truncateSync(path, 0)],
    ["something else", (path) => writeFileSync(path, "something else")],
  ];
  for (const [what, damage] of damages) {
    it(`fetches a layer again that is ${what}, and mends it`, async () => {
      await pull(internet);
      damage(blobPath(sha256(COMPONENT)));
      const again = await pull(internet);
      expect(again.fromCache).toBe(false);
      expect(Buffer.from(again.bytes).equals(COMPONENT)).toBe(true);
      nothingLeft(internet);
    });

    it(`does not serve a layer offline that is ${what}`, async () => {
      await pull(internet);
      damage(blobPath(sha256(COMPONENT)));
      const outcome = await offline().catch((error: unknown) => error);
      expect(outcome).toMatchObject({ code: "ERR_OCI_NOT_FOUND" });
    });

    it(`does not serve a manifest offline that is ${what}`, async () => {
      await pull(internet);
      damage(blobPath(PINNED.digest!));
      const outcome = await offline().catch((error: unknown) => error);
      expect(outcome).toMatchObject({ code: "ERR_OCI_NOT_FOUND" });
    });
  }

  it("does not take a tag offline, and says what it was", async () => {
    await pull(internet);
    const error = await refused(
      internet,
      () => pullComponent(REFERENCE, { ...internet.options, offline: true }),
      "ERR_OCI_REFERENCE",
      /only a digest says/,
    );
    expect(error.hint).toContain(PINNED.digest);
  });

  it("takes eight pulls at once", async () => {
    const pulled = await Promise.all(Array.from({ length: 8 }, () => pull(internet)));
    expect(pulled.every(({ bytes }) => Buffer.from(bytes).equals(COMPONENT))).toBe(true);
    expect(readdirSync(join(internet.options.cacheDir, "blobs", "sha256"))).toHaveLength(2);
    nothingLeft(internet);
  });

  it("is not used when others may write to it", async () => {
    mkdirSync(internet.options.cacheDir, { mode: 0o700 });
    chmodSync(internet.options.cacheDir, 0o777);
    await refused(internet, () => pull(internet), "ERR_FILE", /others may write to it/);
    expect(internet.requests).toEqual([]);
  });

  it("is done without where there can be none: what comes is given, and not kept", async () => {
    writeFileSync(internet.options.cacheDir, "a file");
    const pulled = await pull(internet);
    expect({ kept: pulled.kept, isWhole: Buffer.from(pulled.bytes).equals(COMPONENT) }).toEqual({
      kept: false,
      isWhole: true,
    });
  });

  it("writes through no link that stands where content belongs", async () => {
    const target = join(internet.options.cacheDir, "..", "docker", "target");
    writeFileSync(target, "mine");
    mkdirSync(join(internet.options.cacheDir, "blobs", "sha256"), { recursive: true, mode: 0o700 });
    symlinkSync(target, blobPath(sha256(COMPONENT)));
    await pull(internet);
    expect(execFileSync("cat", [target], { encoding: "utf8" })).toBe("mine");
    nothingLeft(internet);
  });

  it("keeps lists of attachments, and gives the last one offline", async () => {
    const listed = [
      {
        mediaType: "application/vnd.oci.image.manifest.v1+json",
        digest: sha256("x"),
        size: 1,
        artifactType: "a/b",
      },
    ];
    internet.answer = (request, response) => {
      if (!request.seen.url.includes("/referrers/")) return serving(artifact())(request, response);
      response.end(JSON.stringify({ schemaVersion: 2, manifests: listed }));
    };
    const seen: unknown[] = [];
    const admit: NonNullable<Parameters<typeof pullComponent>[1]>["admit"] = async (manifest, repository) =>
      seen.push(await repository.referrers(manifest.digest, "a/b"));
    await pullComponent(REFERENCE, { ...internet.options, admit });
    internet.requests.length = 0;
    await pullComponent(PINNED, { ...internet.options, admit, offline: true });
    expect(seen).toEqual([listed, listed]);
    expect(internet.requests).toEqual([]);
  });

  describe("on a disk of 64 kB", () => {
    it("keeps nothing of what is larger, and no part of it", async () => {
      if (!mount()) return;
      try {
        const large = new Uint8Array(200_000).fill(7);
        internet.answer = serving(artifact({}, large));
        const pulled = await pull(internet);
        expect({ kept: pulled.kept, size: pulled.bytes.length }).toEqual({ kept: false, size: 200_000 });
        nothingLeft(internet);
      } finally {
        execFileSync("umount", [internet.options.cacheDir]);
      }
    });
  });

  describe("of a registry with too many attachments", () => {
    it("refuses a list of more than 100", async () => {
      internet.answer = (_, response) => void response.end(JSON.stringify(many(101)));
      await refused(internet, referrers, "ERR_OCI_CONTENT", /more than 100 attachments/);
    });

    it("refuses a list that has always one page more", async () => {
      internet.answer = (request, response) =>
        void response.setHeader("link", `<${request.seen.url}>; rel="next"`).end(JSON.stringify(many(0)));
      await refused(internet, referrers, "ERR_OCI_CONTENT", /more than 100 pages/);
    });

    it("refuses a list that goes on at another host", async () => {
      internet.answer = (_, response) =>
        void response
          .setHeader("link", '<https://elsewhere.example/x>; rel="next"')
          .end(JSON.stringify(many(1)));
      await refused(internet, referrers, "ERR_OCI_REFUSED", /another host/);
      expect(new Set(internet.requests.map(({ host }) => host))).toEqual(new Set([REGISTRY_HOST]));
    });

    it("refuses a list that is none", async () => {
      internet.answer = (_, response) => void response.end("[]");
      await refused(internet, referrers, "ERR_OCI_CONTENT", /not a JSON object/);
    });
  });
});
