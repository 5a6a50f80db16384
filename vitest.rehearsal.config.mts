import { defineConfig } from "vitest/config";

/** They measure storms on a real PostgreSQL and rates of the relay: nothing else may run beside them. */
export const MEASURING = ["test/commands/rehearse/{rehearsal,relay}.test.ts"];

export default defineConfig({
  test: {
    include: MEASURING,
    pool: "forks",
    maxWorkers: 1,
    passWithNoTests: false,
    testTimeout: 120_000,
    hookTimeout: 120_000,
    // The second report is what `.ci/run` counts.
    reporters: ["default", ["json", { outputFile: ".reports/rehearsal.json" }]],
  },
});
