import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { PROJECT_ROOT } from "../../commands/shared/stack-file";
import { planOf, readSettings } from "../../config/read";
import { asJudged, evaluate, type RegisteredResource } from "../../engine/evaluate";
import { PackServer } from "../../engine/pack-client";
import { judgeProgram, type PackConfiguration } from "../../policy/framework/judgement";
import { messageOf } from "../../policy/framework/outcome";
import { rules } from "../../policy/rules";
import { configurationOfRun, declare } from "../../stack";
import { resourceExamples } from "../engine/examples/resource-rules";
import { stackExamples } from "../engine/examples/stack-rules";
import { outage } from "../fixtures/incidents";
import { soundShops } from "../fixtures/shop";
import { type Changes, FEW_STORMS, stagingConfiguration } from "../stack-settings";

/*
 * `check` and `diagnose` run the rules in their own process, the engine runs them in the pack's: both must find the
 * same.
 */

const PROVIDER = { project: "netra-staging", region: "us-central1" };

/** Storms take longest: only their own example and staging need them, and few of them. */
const NO_STORMS: PackConfiguration = { "startup-storm": "disabled" };
const SHORT_STORMS: PackConfiguration = { "startup-storm": { targetPercent: 95 } };

const own = () => declare(readSettings(configurationOfRun()));

/** The outage's backend with few starts. */
const SMALL_BACKEND: Changes = { ...Object(outage["netra:services"]).backend, maxInstances: 2 };

/** One program with every resource that has a fault. */
function allResourceExamples(): object {
  for (const [name, example] of Object.entries(resourceExamples)) example.program(name);
  return {};
}

interface Subject {
  readonly program: () => object;
  /** Changes of the stack's configuration. Default: none. */
  readonly changes?: Changes;
  /** Whether the pack knows the stack's configuration. Default: it does not. */
  readonly hasPlan?: boolean;
  readonly configuration?: PackConfiguration;
}

/** What both find in a program, as one sorted list each. */
async function findingsOfBoth(
  pack: PackServer,
  { program, changes = {}, hasPlan = false, configuration = {} }: Subject,
) {
  const values = stagingConfiguration(changes);
  const registered: RegisteredResource[] = await evaluate("staging", values, program);
  const plan = hasPlan ? planOf(readSettings(values)) : undefined;
  await pack.configure(configuration);
  const ofPack = (await pack.judge(registered, PROVIDER)).map(({ policy, level, urn, message }) =>
    [policy, level, urn, message].join("\n"),
  );
  const findings = judgeProgram(
    rules,
    registered.map((resource) => asJudged(resource, PROVIDER)),
    { configuration, plan },
  );
  const ofRules = findings.map((finding) =>
    [finding.rule, finding.level, finding.resource?.urn ?? "", messageOf(finding)].join("\n"),
  );
  return { ofPack: ofPack.toSorted(), ofRules: ofRules.toSorted() };
}

describe("the pack's server and this process find the same in a program without a plan", () => {
  let pack: PackServer;
  beforeAll(async () => {
    pack = await PackServer.start(join(PROJECT_ROOT, "policy"));
  });
  afterAll(() => pack?.stop());

  test("every single resource with a fault", async () => {
    const { ofPack, ofRules } = await findingsOfBoth(pack, {
      program: allResourceExamples,
      configuration: NO_STORMS,
    });
    expect(ofRules).toEqual(ofPack);
    for (const rule of Object.keys(resourceExamples))
      expect(
        ofRules.filter((finding) => finding.startsWith(`${rule}\n`)),
        rule,
      ).not.toEqual([]);
  });

  test.each(Object.entries(stackExamples))("the stack that is the example of %s", async (name, { program }) => {
    const configuration = name === "startup-storm" ? SHORT_STORMS : NO_STORMS;
    const { ofPack, ofRules } = await findingsOfBoth(pack, { program: () => Object(program()), configuration });
    expect(ofRules).toEqual(ofPack);
    expect(ofRules).not.toEqual([]);
  });

  test.each(Object.entries(soundShops))("the sound shop with %s", async (_, program) => {
    const { ofPack, ofRules } = await findingsOfBoth(pack, {
      program: () => Object(program()),
      configuration: NO_STORMS,
    });
    expect(ofRules).toEqual(ofPack);
  });

  test("the outage, as an exported state would show it", async () => {
    const { ofPack, ofRules } = await findingsOfBoth(pack, { program: own, changes: outage, configuration: NO_STORMS });
    expect(ofRules).toEqual(ofPack);
    expect(ofRules).not.toEqual([]);
  });

  test("whatever the configuration sets", async () => {
    const configuration: PackConfiguration = {
      all: "advisory",
      "startup-storm": "disabled",
      "connector-floor": { enforcementLevel: "mandatory", minInstances: 5, machineType: "e2-standard-4" },
      "redis-auth": { waivers: [{ resource: "redis-auth", reason: "a test" }] },
      "service-image": "disabled",
    };
    const { ofPack, ofRules } = await findingsOfBoth(pack, { program: allResourceExamples, configuration });
    expect(ofRules).toEqual(ofPack);
    expect(ofRules.some((finding) => finding.startsWith("connector-floor\nmandatory\n"))).toBe(true);
    expect(ofRules.some((finding) => finding.includes("\nwaived: a test\n"))).toBe(true);
  });
});

test("the pack's server and this process find the same in this project's own stack, by its plan", async () => {
  const changes: Changes = {
    ...outage,
    ...FEW_STORMS,
    // The outage's faults with few instances: its storms are short.
    "netra:services": { ...Object(outage["netra:services"]), auth: { maxInstances: 2 }, backend: SMALL_BACKEND },
  };
  const pack = await PackServer.start(join(PROJECT_ROOT, "policy"), {
    name: "staging",
    configuration: stagingConfiguration(changes),
  });
  try {
    const { ofPack, ofRules } = await findingsOfBoth(pack, { program: own, changes, hasPlan: true });
    expect(ofRules).toEqual(ofPack);
    expect(ofRules.filter((finding) => finding.startsWith("startup-storm\n"))).toHaveLength(1);
  } finally {
    pack.stop();
  }
});
