import { describe, expect, it } from "vitest";
import type { CapacityPlan } from "../../capacity/plan";
import { judgePlan, type PlanVerdict } from "../../capacity/verdict";
import type { Changes } from "../stack-settings";
import { incidentPlan, stagingPlan } from "./staging-plan";

const settingsOf = ({ problems }: PlanVerdict) => problems.map(({ setting }) => setting);
const stormCheckOf = ({ checks }: PlanVerdict) => checks.at(-1);
const backend = (changes: Changes) => ({ "netra:services": { backend: changes } });
const targeted = (startupSuccessPercent: number, changes: Changes = {}) =>
  stagingPlan({ ...changes, "netra:targets": { startupSuccessPercent } });
const huge = stagingPlan(backend({ maxInstances: 1000, database: { poolSize: 100 } }));

describe("what the staging plans must give (storm.md, section 6)", () => {
  it("the project's own plan is sound: the lower bound is at least 99 % in every scenario", () => {
    const { problems, storms } = judgePlan(stagingPlan());
    expect(problems).toEqual([]);
    expect(storms.map(({ scenario }) => scenario)).toEqual([
      "cold-start",
      "rollout-auth",
      "rollout-backend",
      "recovery",
      "scale-out",
    ]);
    for (const { success } of storms) expect(success.lower).toBeGreaterThanOrEqual(0.99);
  });

  it("the incident's path: refused, and not one start succeeds", () => {
    const verdict = judgePlan(incidentPlan("public socket, all traffic"));
    expect(settingsOf(verdict)).toContain("netra:services.auth.egress");
    expect(verdict.problems.at(-1)?.message).toMatch(
      /public address is on the internet.*and 'netra:services\.backend\.egress' likewise$/,
    );
    expect(verdict.storms.map(({ success }) => success.mean)).toEqual(verdict.storms.map(() => 0));
    expect(verdict.storms.length).toBeGreaterThan(0);
  });

  it("the incident's sizes with a working path: the budget is refused, and a cold start is well under 95 %", () => {
    const verdict = judgePlan(incidentPlan("private address"));
    expect(verdict.problems[0]?.message).toContain("'netra:database.maxConnections' (50) must cover 2324 connections");
    expect(verdict.storms.find(({ scenario }) => scenario === "cold-start")?.success.upper).toBeLessThan(0.5);
  });

  it.each([
    ["e2-standard-4", 3, 20],
    ["e2-micro", 5, 50],
    ["e2-micro", 10, 100],
    ["e2-standard-8", 12, 120],
  ])("the illegal fix %s %i..%i: refused with the legal range", (machineType, minInstances, maxInstances) => {
    const verdict = judgePlan(stagingPlan({ "netra:connector": { machineType, minInstances, maxInstances } }));
    expect(verdict.problems.map(({ message }) => message)).toContain(
      `'netra:connector.maxInstances' (${maxInstances}) must be a whole number from 3 to 10 because a connector has at most 10 instances and at least 2; set 'netra:connector.maxInstances' to 10`,
    );
  });
});

describe("a plan whose arithmetic holds", () => {
  it("is refused for its storms alone, with the bottleneck and the setting that relieves it", () => {
    const { checks, problems } = judgePlan(stagingPlan(backend({ database: { startupQueryCpuMs: 4000 } })));
    expect(checks.slice(0, -1).flatMap((check) => check.problems)).toEqual([]);
    expect(problems.map(({ message }) => message)).toEqual([
      expect.stringMatching(
        /^'netra:database\.tier' \(db-custom-1-3840\) must let at least 99 % of starts be ready at the first try, with 95 % confidence, in cold-start .*, rollout-backend .*, recovery .*, scale-out .* because the bottleneck of 100 simulated storms is database CPU; set 'netra:database\.tier' to db-custom-2-7680, or set 'netra:services\.backend\.database\.initTimeoutSeconds' to \d+ and 'netra:services\.backend\.probe\.failureThreshold' to \d+, or set 'netra:services\.backend\.maxInstances' to \d$/,
      ),
    ]);
  });

  it("and whose storms fail for what a check refuses has those storms mended first by the check's fix", () => {
    const { problems } = judgePlan(stagingPlan(backend({ probe: { failureThreshold: 1 } })));
    expect(problems[0]?.setting).toBe("netra:services.backend.probe.failureThreshold");
    expect(problems.slice(1).map(({ fix }) => fix)).toEqual(
      problems
        .slice(1)
        .map(() => "mend the other problems first: with their first fixes every storm reaches the target"),
    );
    expect(problems.length).toBeGreaterThan(1);
  });

  it("states each storm in its last check, rounded down", () => {
    const verdict = judgePlan(stagingPlan());
    expect(stormCheckOf(verdict)).toMatchObject({
      title: "start-up storms against the target of 99 % at the first try",
      arithmetic: expect.arrayContaining([
        "cold-start: 8 starts, 100.00 % ready, at least 99.64 % with 95 % confidence; bottleneck none",
      ]),
      problems: [],
    });
    expect(Object.keys(stormCheckOf(verdict)?.figures ?? {})).toEqual(verdict.storms.map(({ scenario }) => scenario));
  });

  it("is judged the same twice", () => {
    expect(judgePlan(stagingPlan())).toEqual(judgePlan(stagingPlan()));
  });
});

describe("a strict target", () => {
  it("of 99.9 % passes a faultless plan, with more storms", () => {
    const { problems, storms } = judgePlan(targeted(99.9));
    expect(problems).toEqual([]);
    for (const { success, replications } of storms) {
      expect(success.lower).toBeGreaterThanOrEqual(0.999);
      expect(replications).toBeGreaterThan(1000);
    }
  });

  it("blames no storm of a plan that is refused for something else", () => {
    const verdict = judgePlan(targeted(99.9, { "netra:connector": { maxInstances: 120 } }));
    expect(settingsOf(verdict)).toEqual(["netra:connector.maxInstances"]);
    expect(verdict.storms.length).toBeGreaterThan(0);
  });

  it("beyond what storms can show is refused instead of simulated for ever", () => {
    const { problems, storms } = judgePlan(targeted(99.9999999));
    expect(storms).toEqual([]);
    expect(problems.map(({ message }) => message)).toEqual([
      "'netra:targets.startupSuccessPercent' (99.9999999) must be at most 99.99 because 99.99 % takes 70618 storms a scenario to show, and each further nine ten times as many; set 'netra:targets.startupSuccessPercent' to 99.99",
    ]);
  });
});

describe("a plan without storms", () => {
  it("of services without a database is sound, and reports why it has none", () => {
    const verdict = judgePlan(stagingPlan({ "netra:services": { auth: undefined, backend: undefined } }));
    expect(verdict).toMatchObject({ problems: [], storms: [] });
    expect(stormCheckOf(verdict)?.arithmetic).toEqual(["no service uses the database"]);
  });

  it("that is refused and huge is not simulated, and reports it", () => {
    const verdict = judgePlan(huge);
    expect(settingsOf(verdict)).toContain("netra:database.maxConnections");
    expect(verdict.storms).toEqual([]);
    expect(stormCheckOf(verdict)?.arithmetic).toEqual([
      "not simulated: the plan is refused already, and a storm of 20030 attempts to connect takes long",
    ]);
  });

  it("that is refused and runs many processes in few instances is not simulated either", () => {
    const verdict = judgePlan(stagingPlan(backend({ database: { workers: 300 } })));
    expect(verdict.storms).toEqual([]);
    expect(stormCheckOf(verdict)?.arithmetic).toEqual([
      "not simulated: the plan is refused already, and a storm of 30030 attempts to connect takes long",
    ]);
  });

  const unsimulable: [string, CapacityPlan, string[]][] = [
    ["tier", stagingPlan({ "netra:database": { tier: "db-huge" } }), ["netra:database.tier"]],
    ["machine type", stagingPlan({ "netra:connector": { machineType: "n1-micro" } }), ["netra:connector.machineType"]],
    ["scaling", stagingPlan(backend({ minInstances: 9 })), ["netra:services.backend.minInstances"]],
  ];
  it.each(unsimulable)("that cannot be simulated for its %s blames that setting once", (_, plan, settings) => {
    const verdict = judgePlan(plan);
    expect([...new Set(settingsOf(verdict))]).toEqual(settings);
    expect(stormCheckOf(verdict)).toMatchObject({ arithmetic: ["cannot be simulated"], problems: [] });
  });
});

it("a plan of one service has storms of that service only", () => {
  const { problems, storms } = judgePlan(stagingPlan({ "netra:services": { auth: undefined, frontend: undefined } }));
  expect(problems).toEqual([]);
  expect(storms.map(({ scenario, starts }) => [scenario, starts])).toEqual([
    ["cold-start", 5],
    ["rollout-backend", 5],
    ["recovery", 5],
    ["scale-out", 4],
  ]);
});
