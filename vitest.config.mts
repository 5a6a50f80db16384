import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    exclude: ["test/cloud/**"],
    pool: "forks",
    // Pulumi's runtime is process-global, and loading it is the whole cost: one worker, loaded once.
    isolate: false,
    maxWorkers: 1,
    passWithNoTests: false,
    testTimeout: 60_000,
  },
});
