import { createHash } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { bundle } from "tenon/bundle";
import { loadCore } from "tenon/hosts/node";
import { expect, test } from "vitest";
import { coreOf } from "../../src/compose/index.ts";
import { suiteCore } from "../hosts/suite-core.ts";

test("calculator behind access-log is at most 3.0 MB, and 1.2 MB compressed with gzip", async () => {
  const { bytes } = await suiteCore();
  expect(bytes.length).toBeLessThanOrEqual(3_000_000);
  expect(gzipSync(bytes).length).toBeLessThanOrEqual(1_200_000);
});

test("one digest is what compose() gives, what the Node host loads, and what every bundle carries", async () => {
  const { bytes, digest } = await suiteCore();
  const cacheDir = mkdtempSync(join(tmpdir(), "tenon-cache-"));
  const digests = [digest, (await loadCore(bytes, { cacheDir })).digest];
  rmSync(cacheDir, { recursive: true });
  for (const host of ["wasmtime", "fastly"] as const) {
    const core = coreOf((await bundle({ core: bytes, host })).bytes)!;
    digests.push(`sha256:${createHash("sha256").update(core).digest("hex")}`);
  }
  expect(new Set(digests)).toEqual(new Set([digest]));
});
