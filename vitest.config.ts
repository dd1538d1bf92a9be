import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    testTimeout: 30_000,
    hookTimeout: 120_000,
    // Suites start servers, workers and other runtimes; two at a time keeps small machines responsive.
    maxWorkers: 2,
  },
});
