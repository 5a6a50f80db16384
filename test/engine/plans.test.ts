import { afterEach, describe, expect, test } from "vitest";
import { type Changes, FEW_STORMS, stagingConfiguration } from "../stack-settings";
import { Environment, PACK, UNMONITORED } from "./environment";
import { enableApis } from "./examples/sound";
import { soundStack } from "./examples/stack-rules";
import { findingsIn } from "./findings";

/*
 * The engine gives a pack the configuration of the stack that it judges: what is enough is the plan of that stack, not
 * staging's.
 */

let environment: Environment | undefined;
afterEach(() => {
  environment?.remove();
  environment = undefined;
});

/** Larger than staging's quota, with another connector and other reserves; and smaller than staging's floors. */
const plans: Readonly<Record<string, Changes>> = {
  larger: {
    "netra:connector": { machineType: "e2-standard-4", minInstances: 4 },
    "netra:database": { tier: "db-custom-2-7680", maxConnections: 250, reservedConnections: 20 },
    "netra:services": { backend: { maxInstances: 10 } },
    "netra:limits": { regionalCpu: 60, regionalMemoryGib: 120 },
    "netra:network": { otherCidrs: ["10.99.0.0/16"] },
  },
  smaller: {
    "netra:connector": { minInstances: 2, maxInstances: 3 },
    "netra:database": { migrationConnections: 2 },
    "netra:services": { backend: { maxInstances: 2 }, auth: { maxInstances: 2 } },
    "netra:network": { otherCidrs: [] },
  },
};

const mandatory = (stdout: string) => findingsIn(stdout).filter(({ level }) => level === "mandatory");

describe.each(Object.entries(plans))("the pack judges a %s stack by its own plan", (_, plan) => {
  test("which it accepts", async () => {
    environment = await Environment.ofStaging({ ...UNMONITORED, ...FEW_STORMS, ...plan });
    const { code, stdout } = await environment.preview("--policy-pack", PACK);
    expect(mandatory(stdout)).toEqual([]);
    expect(code).toBe(0);
  });
});

test("refuses, in a stack of a larger plan, what is enough in staging", async () => {
  environment = await Environment.of(async () => soundStack(), stagingConfiguration(plans.larger));
  enableApis(environment.cloud);
  const { code, stdout } = await environment.preview("--policy-pack", PACK);
  expect(mandatory(stdout).map(({ rule, message }) => [rule, message.split(" because ")[0]])).toEqual([
    ["connector-floor", "'machineType' (e2-micro) must carry at least what e2-standard-4 does"],
    ["connector-floor", "'minInstances' (3) must be at least 4"],
  ]);
  expect(code).not.toBe(0);
});
