import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { composeProject } from "../../src/project/index.ts";
import { ROOT } from "../fixtures/tenon.ts";

/** Bytes as they are, and compressed with gzip. */
type Sizes = [raw: number, gzip: number];

/** What a component that comes with the package may take at most; those that need more are named below. */
const BUDGET: Sizes = [1_450_000, 600_000];
const LARGER: Record<string, Sizes> = {};

const COMPONENTS = join(ROOT, "dist", "components");
const names = readdirSync(COMPONENTS)
  .filter((file) => file.endsWith(".wasm") && !file.startsWith("adapter-"))
  .map((file) => file.slice(0, -".wasm".length));

function sizesOf(bytes: Uint8Array): Sizes {
  return [bytes.length, gzipSync(bytes).length];
}

test.each(names)("%s stays within its budget", (name) => {
  const [raw, gzip] = sizesOf(readFileSync(join(COMPONENTS, `${name}.wasm`)));
  const [mostRaw, mostGzip] = LARGER[name] ?? BUDGET;
  expect(raw).toBeLessThanOrEqual(mostRaw);
  expect(gzip).toBeLessThanOrEqual(mostGzip);
});

test("the demo core is at most 6 MB, and 2.5 MB compressed with gzip", async () => {
  const [raw, gzip] = sizesOf((await composeProject(join(ROOT, "tenon.json"))).bytes);
  expect(raw).toBeLessThanOrEqual(6_000_000);
  expect(gzip).toBeLessThanOrEqual(2_500_000);
});
