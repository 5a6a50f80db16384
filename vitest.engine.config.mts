import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

/** Begins with the files that take longest, in that order: begun last, one of them would run alone at the end. */
export const beginningWith = (longest: readonly string[]) =>
  class extends BaseSequencer {
    override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
      const isNamed = (name: string) => (file: TestSpecification) => file.moduleId.endsWith(`/${name}.test.ts`);
      const others = files.filter((file) => !longest.some((name) => isNamed(name)(file)));
      return [...longest.flatMap((name) => files.filter(isNamed(name))), ...(await super.sort(others))];
    }
  };

const LONGEST = ["documents", "faults", "recovery", "edits", "lifecycle", "first-contact", "left-behind", "rollout"];

export default defineConfig({
  test: {
    // What has a date is judged as of then: the tests do not age. Processes that they start inherit it.
    env: { NETRA_TODAY: "2026-06-01" },
    include: ["test/engine/*.test.ts"],
    globalSetup: "test/engine/setup.ts",
    // Programs run inside the tests' process, and loading what they need takes seconds: each worker loads it once.
    pool: "forks",
    isolate: false,
    // A program's resources are garbage soon: with more room for what is new, less of it is copied.
    execArgv: ["--max-semi-space-size=64"],
    // Engine, provider and pack are processes of their own beside each.
    maxWorkers: 2,
    sequence: { sequencer: beginningWith(LONGEST) },
    // What has not changed is compiled once, not at every run.
    experimental: { fsModuleCache: true, fsModuleCachePath: ".cache/vitest" },
    passWithNoTests: false,
    testTimeout: 300_000,
    hookTimeout: 300_000,
    // The second report is what `.ci/run` counts.
    reporters: ["default", ["json", { outputFile: ".reports/engine.json" }]],
  },
});
