import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openRepository, parseReference, pullComponent, pushComponent } from "../../src/oci/index.ts";
import { REGISTRY, startRegistry, type RunningRegistry } from "./start-registry.ts";

const COMPONENT = new TextEncoder().encode("\0asm, as far as a registry knows");
const WORLD = { imports: ["tenon:host/log@0.1.0"], exports: ["tenon:mcp/provider@0.1.0"] };

describe.skipIf(REGISTRY.missing !== undefined)("a registry", () => {
  let registry: RunningRegistry;
  let cacheDir: string;
  beforeAll(async () => {
    registry = await startRegistry();
    cacheDir = mkdtempSync(join(tmpdir(), "tenon-oci-"));
  });
  afterAll(async () => {
    await registry?.stop();
    rmSync(cacheDir, { recursive: true, force: true });
  });

  it("gives back what was pushed, by tag, by digest, and offline", async () => {
    const reference = parseReference(`oci://${registry.host}/acme/notes:1.0.0`);
    const pushed = await pushComponent(COMPONENT, reference, WORLD);
    const byTag = await pullComponent(reference, { cacheDir });
    expect(byTag.bytes).toEqual(COMPONENT);
    expect(byTag.reference.digest).toBe(pushed.digest);
    const offline = await pullComponent({ ...reference, digest: pushed.digest }, { cacheDir, offline: true });
    expect(Buffer.from(offline.bytes).equals(COMPONENT)).toBe(true);
    expect(offline.fromCache).toBe(true);
  });

  it("keeps what is attached under the tag of the digest, having no list of referrers", async () => {
    const reference = parseReference(`oci://${registry.host}/acme/attached:1.0.0`);
    const subject = await pushComponent(COMPONENT, reference, WORLD);
    const repository = openRepository(reference);
    const bytes = new TextEncoder().encode("{}");
    const first = await repository.attach(subject, {
      artifactType: "application/x.one",
      mediaType: "application/json",
      bytes,
    });
    const second = await repository.attach(subject, {
      artifactType: "application/x.two",
      mediaType: "application/json",
      bytes,
    });
    expect((await repository.referrers(subject.digest)).map(({ digest }) => digest)).toEqual([
      first.digest,
      second.digest,
    ]);
    expect(
      (await repository.referrers(subject.digest, "application/x.two")).map(({ digest }) => digest),
    ).toEqual([second.digest]);
  });
});
