import { defineConfig } from "vitest/config";

/** They measure: nothing else may run beside them. */
const MEASURING = ["test/commands/rehearse/{rehearsal,relay}.test.ts"];

export default defineConfig({
  test: {
    // What has a date is judged as of then: the tests do not age. Processes that they start inherit it.
    env: { NETRA_TODAY: "2026-06-01" },
    // Pulumi's runtime is process-global, and loading it is most of the cost: two workers, each loads it once.
    pool: "forks",
    isolate: false,
    passWithNoTests: false,
    testTimeout: 120_000,
    hookTimeout: 120_000,
    // The second report is what `.ci/run` counts.
    reporters: ["default", ["json", { outputFile: ".reports/vitest.json" }]],
    // `npm run coverage`: of what runs in the tests' own process.
    coverage: {
      provider: "v8",
      include: ["{capacity,commands,components,config,engine,policy,report}/**/*.ts"],
      reporter: ["text-summary", "json"],
      reportsDirectory: ".reports/coverage",
    },
    projects: [
      {
        extends: true,
        test: {
          name: "unit",
          include: ["test/**/*.test.ts"],
          exclude: ["test/engine/*.test.ts", ...MEASURING], // these need a `pulumi`: npm run test:engine
          maxWorkers: 2,
          sequence: { groupOrder: 0 },
        },
      },
      { extends: true, test: { name: "rehearsal", include: MEASURING, maxWorkers: 1, sequence: { groupOrder: 1 } } },
    ],
  },
});
