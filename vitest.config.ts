import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

// What is built in tests is kept apart from what the user builds. A run on a clean checkout finds nothing here.
process.env["TENON_CACHE_DIR"] ??= fileURLToPath(new URL("node_modules/.cache/tenon", import.meta.url));

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    testTimeout: 30_000,
    hookTimeout: 120_000,
    // Suites start servers, workers and other runtimes; two at a time keeps small machines responsive.
    maxWorkers: 2,
    // A worker runs one file: optimizing WebAssembly for that, as V8 soon would, takes longer than it gives.
    execArgv: ["--wasm-tiering-budget=100000000"],
  },
});
