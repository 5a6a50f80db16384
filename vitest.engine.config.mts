import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/engine/**/*.test.ts"],
    globalSetup: "test/engine/setup.ts",
    // Programs run inside the test's process, and Pulumi's runtime is process-global: one file, one process.
    pool: "forks",
    // Engine, provider and pack are processes of their own beside each.
    maxWorkers: 2,
    passWithNoTests: false,
    testTimeout: 300_000,
    hookTimeout: 300_000,
    // The second report is what `.ci/run` counts.
    reporters: ["default", ["json", { outputFile: ".reports/engine.json" }]],
  },
});
