import { defineConfig } from "vitest/config";
import { beginningWith } from "./vitest.engine.config.mjs";
import { MEASURING } from "./vitest.rehearsal.config.mjs";

const LONGEST = [
  "fuzz",
  "judgement",
  "process",
  "remediation",
  "statements",
  "proposals",
  "swallowed",
  "rehearse/command",
  "gate",
];

export default defineConfig({
  test: {
    // What has a date is judged as of then: the tests do not age. Processes that they start inherit it.
    env: { NETRA_TODAY: "2026-06-01" },
    include: ["test/**/*.test.ts"],
    // The first need a `pulumi`, the others a machine for themselves: npm run test:engine, npm run test:rehearsal.
    exclude: ["test/engine/*.test.ts", ...MEASURING],
    // Pulumi's runtime is process-global, and loading it is most of the cost: two workers, each loads it once.
    pool: "forks",
    isolate: false,
    maxWorkers: 2,
    sequence: { sequencer: beginningWith(LONGEST) },
    // A program's resources are garbage soon: with more room for what is new, less of it is copied.
    execArgv: ["--max-semi-space-size=64"],
    // What has not changed is compiled once, not at every run.
    experimental: { fsModuleCache: true, fsModuleCachePath: ".cache/vitest" },
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
  },
});
