import { createHash } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { bundle } from "tenon/bundle";
import { loadCore } from "tenon/hosts/node";
import { expect, test } from "vitest";
import { coreOf, readWiring } from "../../src/compose/index.ts";
import { composeProject } from "../../src/project/index.ts";
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

test("in the demo server only web-fetch has a way to http, through a gate that lets one origin pass", async () => {
  const { bytes } = await composeProject("tenon.json");
  const { parts, host } = await readWiring(bytes);
  const wires = parts.flatMap(({ as, imports }) =>
    imports
      .filter((item) => /http/.test(item.interface))
      .flatMap((item) => item.wires.map(({ wire }) => ({ part: as, kind: wire.kind, wire }))),
  );
  expect(wires.filter(({ kind }) => kind !== "stub")).toEqual([
    {
      part: "web-fetch",
      kind: "gate",
      wire: { kind: "gate", grant: { http: [{ origin: "https://example.com" }] } },
    },
  ]);
  expect(parts.map(({ as }) => as)).toContain("calculator");
  expect(host.map((item) => item.interface).filter((name) => name.startsWith("wasi:http"))).toEqual([]);
});
