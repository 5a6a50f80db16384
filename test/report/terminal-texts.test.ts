import { describe, expect, it } from "vitest";
import { sizePlan } from "../../capacity/sizing";
import { sensitivity, stormDetail } from "../../capacity/storm/results";
import { planScenarios } from "../../capacity/storm/scenarios";
import { checkText } from "../../report/check-text";
import { sizingText } from "../../report/size-text";
import { sensitivityText, stormDetailText } from "../../report/storm-text";
import { textTable } from "../../report/terminal";
import type { Violation } from "../../report/verdict";
import { incidentPlan, stagingPlan } from "../capacity/staging-plan";
import { verdictOn } from "./verdict";

/* What `check`, `storm` and `size` print, made from verdicts. What a person sees of whole commands: commands/output.test.ts. */

const terminal = { width: 80, colour: false };
const quick = { replications: 400 };
const coldStart = (plan = stagingPlan()) => {
  const [scenario] = planScenarios(plan);
  if (!scenario) throw new Error("the plan has storms");
  return stormDetail(scenario, quick);
};
const joined = (text: string) => text.replaceAll(/\s+/g, " ");
const lastLine = (text: string) => text.trimEnd().split("\n").at(-1);

const refusing = (violation: Partial<Violation>): Violation => ({
  policy: "connector-floor",
  level: "mandatory",
  resource: "staging-connector",
  message: "two\nlines",
  outcome: "refused",
  ...violation,
});

describe("check", () => {
  const changes = { "netra:connector": { maxInstances: 120 } };
  const message = verdictOn(changes).checks.flatMap(({ problems }) => problems)[0]?.message ?? "";

  it("shows one mistake once, with the rules that find it and its fix on a line of its own", () => {
    const text = checkText(
      verdictOn(changes, { violations: [refusing({ policy: "connector-instance-counts", repeats: message })] }),
      {},
      terminal,
    );
    expect(text).toContain(
      [
        "1. 'netra:connector.maxInstances' (120) must be a whole number from 3 to 10",
        "   because a connector has at most 10 instances and at least 2.",
        "   [connector-instance-counts]",
        "   Fix: set 'netra:connector.maxInstances' to 10",
        "",
        "REFUSED: staging has 1 problem; its fix is above.",
      ].join("\n"),
    );
  });

  it("numbers what only a rule finds after what the plan must change, and shows waivers, but no advice", () => {
    const text = checkText(
      verdictOn(changes, {
        violations: [refusing({}), refusing({ policy: "service-port-8002", level: "advisory", message: "advised" })],
        waived: [{ policy: "secret-value", resource: "key", reason: "until Friday" }],
      }),
      {},
      terminal,
    );
    expect(text).toContain("\n2. staging-connector: two lines [connector-floor]\n");
    expect(text).toContain("\nWaived       secret-value on key: until Friday\n");
    expect(text).not.toContain("advised");
    expect(lastLine(text)).toBe("REFUSED: staging has 2 problems; their fixes are above.");
  });

  it("shows the advice on a sound plan", () => {
    const advice = refusing({ policy: "service-port-8002", level: "advisory", message: "advised", resource: "web" });
    const text = checkText(verdictOn({}, { violations: [advice] }), {}, terminal);
    expect(text).toContain("\nAdvice       web: advised [service-port-8002]\n");
    expect(lastLine(text)).toMatch(
      /^SOUND: at least 99\.64 % of starts succeed; staging costs \d+\.\d\d USD a month\.$/,
    );
  });

  it("counts resources by kind, or lists them", () => {
    const resource = (type: string, name: string) => ({
      type,
      name,
      urn: "",
      parent: "",
      dependencies: [],
      options: { protect: name === "staging-connector", import: "", ignoreChanges: [] },
      inputs: {},
    });
    const verdict = verdictOn(
      {},
      {
        resources: [
          resource("pulumi:pulumi:Stack", "staging"),
          resource("netra:staging:Connector", "connector"),
          resource("gcp:vpcaccess/connector:Connector", "staging-connector"),
          resource("gcp:monitoring/alertPolicy:AlertPolicy", "one"),
          resource("gcp:monitoring/dashboard:Dashboard", "two"),
        ],
      },
    );
    expect(checkText(verdict, {}, terminal)).toContain("\nResources    3: 2 monitoring, 1 vpcaccess\n");
    const listed = checkText(verdict, { resources: true }, terminal);
    expect(listed).toContain("gcp:vpcaccess/connector:Connector\n  staging-connector (protected)\n");
    expect(listed).toContain("gcp:monitoring/alertPolicy:AlertPolicy\n  one\n");
    expect(listed).not.toContain("Resources ");
  });

  it("lists every check, storm and price with --details", () => {
    const text = joined(checkText(verdictOn(), { details: true }, terminal));
    for (const part of [
      "ok connections of both revisions against max_connections auth (3 + 3) x 3 = 18",
      "Storms cold-start 8 starts: 100.00 % ready, at least 99.64 %",
      "connector e2-micro 18.34 3 VMs x 0.008376428 USD/h x 730 h",
    ])
      expect(text).toContain(part);
  });

  it("names no share of starts where there are no storms, and no sum where prices are not known", () => {
    const frontend = verdictOn({ "netra:services": { auth: undefined, backend: undefined } });
    const text = checkText({ ...frontend, cost: { items: [] } }, {}, terminal);
    expect(text).toContain("\nStarts       no service uses the database\n");
    expect(text).toContain("\nCost         not known: prices are known for us-central1 only\n");
    expect(lastLine(text)).toBe("SOUND: no start needs the database; staging costs an unknown sum.");
  });

  it("lets no value forge a verdict", () => {
    const text = checkText(
      verdictOn({ "netra:connector": { name: "x\n\nSOUND: yes\n\nx" } }),
      { details: true },
      terminal,
    );
    expect(text).not.toMatch(/^SOUND/m);
  });
});

describe("a table", () => {
  it("wraps its widest column and keeps words and numbers whole", () => {
    const rows = [
      ["name", "share", "why"],
      ["a", "12.5 %", "because of a rather long reason that does not fit"],
    ];
    expect(textTable(rows, ["l", "r", "l"], { width: 36, colour: false }).split("\n")).toEqual([
      "name   share  why",
      "a     12.5 %  because of a rather",
      "              long reason that does",
      "              not fit",
    ]);
  });
});

describe("storm", () => {
  it("details every relief and what ended the starts", () => {
    const detail = coldStart(incidentPlan("private address"));
    const text = joined(stormDetailText(detail, terminal).join("\n"));
    expect(text).toContain(joined(`${detail.meaning} 400 storms, seed 1.`));
    for (const { resource } of detail.reliefs) expect(text).toContain(resource);
    expect(text).not.toMatch(/\d\.\d{5}/);
  });

  it("has a row of sensitivity for each assumption", () => {
    const rows = sensitivity(stagingPlan(), "cold-start", quick);
    const text = sensitivityText(rows, { ...terminal, width: 200 })[1]?.split("\n") ?? [];
    for (const { name } of rows) expect(text.some((line) => line.startsWith(`${name} `))).toBe(true);
    expect(text.at(-1)).toMatch(/: \d+\.\d\d %, p95 \d+\.\d s +[\d.]+: \d+\.\d\d %, p95 \d+\.\d s$/);
  });
});

describe("size", () => {
  it("ends with the cheapest plan, and relates its sums to the cost of the stack", () => {
    const text = sizingText(sizePlan(stagingPlan(), quick), 221.5, terminal);
    for (const title of ["Cost against success", "Cheaper plans, by what they fail on", "Today's plan"])
      expect(text.split("\n")).toContain(title);
    expect(joined(text)).toContain("`npm run check` adds it up, today's plan costs 221.50 USD.");
    expect(joined(text)).toMatch(
      /CHEAPEST of \d+ plans that passes: f1-micro 2\.\.10, db-custom-1-3840, 150, \d+\.\d\d USD a month\. ?$/,
    );
  });

  it("draws no empty frontier where none passes", () => {
    const broken = stagingPlan({ "netra:services": { backend: { probe: { failureThreshold: 3 } } } });
    const text = sizingText(sizePlan(broken, quick), undefined, terminal);
    expect(text).not.toContain("Cost against success");
    expect(text.split("\n")).toContain("Plans, by what they fail on");
    expect(lastLine(text)).toMatch(/^NONE of \d+ plans passes: the services themselves must ask for less\.$/);
  });
});
