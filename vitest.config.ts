import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

// What is built in tests is kept apart from what the user builds. A run on a clean checkout finds nothing here.
process.env["TENON_CACHE_DIR"] ??= fileURLToPath(new URL("node_modules/.cache/tenon", import.meta.url));

/** Files that take a minute or more, the longest first. */
const LONGEST = [
  "hosts/node/behaviour",
  "cli/golden",
  "hosts/fastly/behaviour",
  "hosts/stdio/behaviour",
  "hosts/wasmtime/behaviour",
  "cli/getting-started",
  "packages/packages",
];

function rank({ moduleId }: TestSpecification): number {
  const at = LONGEST.findIndex((name) => moduleId.endsWith(`/test/${name}.test.ts`));
  if (at >= 0) return at;
  return moduleId.includes("/test/unit/") ? LONGEST.length + 1 : LONGEST.length;
}

/** What takes long begins first: begun last, it would leave the other worker without work. */
class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    return (await super.sort(files)).sort((a, b) => rank(a) - rank(b));
  }
}

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    // Against what never ends, not for what is slow on a busy machine.
    testTimeout: 120_000,
    hookTimeout: 300_000,
    // Suites start servers, workers and other runtimes; two at a time keeps small machines responsive.
    maxWorkers: 2,
    sequence: { sequencer: LongestFirst },
    // A worker runs one file: optimizing WebAssembly for that, as V8 soon would, takes longer than it gives.
    execArgv: ["--wasm-tiering-budget=100000000"],
  },
});
