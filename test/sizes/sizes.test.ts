import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { compose } from "../../src/compose/index.ts";
import { composeProject } from "../../src/project/index.ts";
import { ROOT } from "../fixtures/tenon.ts";

/** Bytes as they are, and compressed with gzip. */
type Sizes = [raw: number, gzip: number];

/** What a component that comes with the package may take: about a tenth above what it took when this was set. */
const BUDGETS: Record<string, Sizes> = {
  "access-log": [38_000, 15_000],
  "auth-api-key": [75_000, 26_000],
  cache: [1_410_000, 610_000],
  calculator: [1_260_000, 540_000],
  guard: [1_560_000, 640_000],
  "rate-limit": [55_000, 20_000],
  "text-tools": [2_190_000, 955_000],
};
/** What one without a budget of its own may take. */
const ANY: Sizes = [2_500_000, 1_000_000];

const COMPONENTS = join(ROOT, "dist", "components");
const names = readdirSync(COMPONENTS)
  .filter((file) => file.endsWith(".wasm") && !file.startsWith("adapter-"))
  .map((file) => file.slice(0, -".wasm".length));

function sizesOf(bytes: Uint8Array): Sizes {
  return [bytes.length, gzipSync(bytes).length];
}

test.each(names)("%s stays within its budget", (name) => {
  const [raw, gzip] = sizesOf(readFileSync(join(COMPONENTS, `${name}.wasm`)));
  const [mostRaw, mostGzip] = BUDGETS[name] ?? ANY;
  expect(raw).toBeLessThanOrEqual(mostRaw);
  expect(gzip).toBeLessThanOrEqual(mostGzip);
});

test("the demo core is at most 6 MB, and 2.5 MB compressed with gzip", async () => {
  const [raw, gzip] = sizesOf((await composeProject(join(ROOT, "tenon.json"))).bytes);
  expect(raw).toBeLessThanOrEqual(6_000_000);
  expect(gzip).toBeLessThanOrEqual(2_500_000);
});

/** A component of this repository. */
function part(as: string): { as: string; bytes: Uint8Array } {
  return { as, bytes: readFileSync(join(COMPONENTS, `${as}.wasm`)) };
}

test("the calculator behind access-log is at most 1.55 MB, and 0.65 MB compressed with gzip", async () => {
  const { bytes } = await compose({
    name: "small",
    version: "1.0.0",
    access: "public",
    providers: [part("calculator")],
    middleware: [part("access-log")],
  });
  const [raw, gzip] = sizesOf(bytes);
  expect(raw).toBeLessThanOrEqual(1_550_000);
  expect(gzip).toBeLessThanOrEqual(650_000);
});
