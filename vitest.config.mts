import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    exclude: ["test/engine/**"], // these need a `pulumi`: npm run test:engine
    // Pulumi's runtime is process-global, and loading it is the whole cost: one worker, loaded once.
    pool: "forks",
    isolate: false,
    maxWorkers: 1,
    passWithNoTests: false,
    testTimeout: 120_000,
    hookTimeout: 120_000,
    // The second report is what `.ci/run` counts.
    reporters: ["default", ["json", { outputFile: ".reports/vitest.json" }]],
  },
});
