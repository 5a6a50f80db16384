import { expect, test } from "vitest";
import { judge } from "../../../commands/check/judge";
import type { PackConfiguration } from "../../../policy/framework/judgement";
import type { Verdict } from "../../../report/verdict";
import { incidents, outage } from "../../fixtures/incidents";
import { type Changes, FEW_STORMS, stagingConfiguration, stagingSettings } from "../../stack-settings";

/** Storms of the pack only where a test is about them: they take longest. */
function verdictOn(
  changes: Changes,
  packConfiguration: PackConfiguration = { "startup-storm": "disabled" },
): Promise<Verdict> {
  const subject = {
    stack: "staging",
    configuration: stagingConfiguration(changes),
    settings: stagingSettings(changes),
  };
  return judge(subject, packConfiguration);
}

const problemsOf = ({ checks }: Verdict) =>
  checks.flatMap(({ problems }) => problems.map(({ message }) => message)).join("\n");
const refusing = ({ violations }: Verdict) =>
  [...new Set(violations.filter(({ level }) => level === "mandatory").map(({ policy }) => policy))].toSorted();

/**
 * Sound to the plan, but with the port of a service that never existed, and below a floor that the pack is configured
 * with.
 */
const retiredPort: Changes = { "netra:services": { frontend: { port: 8002 } } };
const floor = { minInstances: 4 };

test("finds nothing wrong with staging", async () => {
  const { ok, violations, waived } = await verdictOn({}, {});
  expect({ ok, violations, waived }).toEqual({ ok: true, violations: [], waived: [] });
});

test.each(incidents)("refuses $name by its plan and, on its own, by the pack", async ({ changes, says, rules }) => {
  const verdict = await verdictOn({ ...changes, ...FEW_STORMS });
  expect(verdict.ok).toBe(false);
  for (const text of says) expect(problemsOf(verdict)).toContain(text);
  expect(refusing(verdict)).toEqual(expect.arrayContaining([...rules]));
  for (const { message, outcome } of verdict.violations)
    expect(message).toMatch(outcome === "refused" ? /; set '.+' to \S/ : /^cannot evaluate: '.+' /);
});

test("sees every fault of the outage at once", async () => {
  const verdict = await verdictOn({ ...outage, ...FEW_STORMS });
  expect(refusing(verdict)).toEqual(
    expect.arrayContaining(["connection-budget", "database-dedicated-core", "regional-quota", "service-image"]),
  );
  expect(verdict.violations.find(({ policy }) => policy === "database-dedicated-core")).toMatchObject({
    level: "mandatory",
    resource: "staging-shared-postgres",
    outcome: "refused",
  });
});

test("is refused by the pack alone where the plan is sound", async () => {
  const verdict = await verdictOn(retiredPort, { "connector-floor": floor });
  expect(problemsOf(verdict)).toBe("");
  expect(verdict.ok).toBe(false);
  expect(refusing(verdict)).toEqual(["connector-floor", "service-port-8002"]);
});

test("a waiver lets its one finding through, and shows with its reason", async () => {
  const waiver = (resource: string, reason: string) => ({ waivers: [{ resource, reason }] });
  const verdict = await verdictOn(retiredPort, {
    "connector-floor": { ...floor, ...waiver("staging-connector", "three are enough until the load test") },
    "service-port-8002": waiver("netra-auth-service", "the wrong service"),
  });
  expect(verdict.waived).toEqual([
    { policy: "connector-floor", resource: "staging-connector", reason: "three are enough until the load test" },
  ]);
  expect(verdict.ok).toBe(false);
  expect(refusing(verdict)).toEqual(["service-port-8002"]);
});

test("monitoring that is turned off with a reason is one advisory, and nothing of it is registered", async () => {
  const verdict = await verdictOn({
    "netra:monitoring": { channels: undefined, disabled: { reason: "one afternoon (#1403)" } },
  });
  expect(verdict.ok).toBe(true);
  expect(verdict.waived).toEqual([
    { policy: "capacity-alerts", resource: "monitoring", reason: "one afternoon (#1403)" },
  ]);
  expect(verdict.resources.filter(({ type }) => /^gcp:(monitoring|logging)\//.test(type))).toEqual([]);
});

test("an advisory rule reports and does not refuse, a disabled one does not report", async () => {
  const verdict = await verdictOn(retiredPort, {
    "connector-floor": { ...floor, enforcementLevel: "advisory" },
    "service-port-8002": "disabled",
  });
  expect(verdict.ok).toBe(true);
  expect(verdict.violations.map(({ policy, level, outcome }) => [policy, level, outcome])).toEqual([
    ["connector-floor", "advisory", "refused"],
  ]);
});

test("configuration moves a rule's threshold", async () => {
  const verdict = await verdictOn(retiredPort, {
    "connector-floor": { minInstances: 3 },
    "service-port-8002": { enforcementLevel: "advisory" },
  });
  expect(verdict.ok).toBe(true);
});
