import { describe, expect, it } from "vitest";
import { planStorms } from "../../capacity/storm/results";
import {
  budgetTable,
  costSection,
  findings,
  headline,
  pageSections,
  pullRequestMarkdown,
  stormTable,
} from "../../report/markdown";
import { incidentPlan } from "../capacity/staging-plan";
import { verdictOn } from "./verdict";

const sound = verdictOn();
const frontend = verdictOn({ "netra:services": { auth: undefined, backend: undefined } });
const refused = verdictOn(
  { "netra:connector": { maxInstances: 120 } },
  {
    resources: [
      {
        type: "gcp:vpcaccess/connector:Connector",
        name: "staging-connector",
        urn: "urn:c",
        parent: "",
        dependencies: [],
        options: { protect: true, import: "", ignoreChanges: [] },
        inputs: {},
      },
    ],
    violations: [
      {
        policy: "connector-floor",
        level: "mandatory",
        resource: "staging-connector",
        message: "two\nlines",
        outcome: "refused",
      },
      { policy: "service-port-8002", level: "advisory", resource: "web", message: "only told", outcome: "refused" },
    ],
    waived: [{ policy: "secret-value", resource: "key", reason: "until Friday" }],
  },
);
const sections = (text: string) => text.split("\n").filter((line) => line.startsWith("#"));

describe("the headline", () => {
  it("reports in a sentence that a plan is sound, its connections, its storms and what it costs", () => {
    expect(headline(sound)).toMatch(
      /^staging: the plan is sound: 92 of 120 connections, at least 99\.64 % of starts succeed \(95 % confidence\), \d+\.\d\d USD a month$/,
    );
  });

  it("counts what refuses a plan: its problems and mandatory violations, no advice", () => {
    expect(headline(refused)).toMatch(/^staging: the plan is REFUSED, 2 findings: 92 of 120 connections, /);
    expect(headline({ ...refused, violations: [] })).toMatch(/ REFUSED, 1 finding: /);
  });

  it("claims no cost where the region's prices are not known, and the table says so", () => {
    const elsewhere = {
      ...sound,
      cost: {
        items: [{ item: "connector e2-micro", arithmetic: "not priced: prices are known for us-central1 only" }],
      },
    };
    expect(headline(elsewhere)).toMatch(/of starts succeed \(95 % confidence\), cost not known$/);
    expect(costSection(elsewhere)).toMatch(
      /\*\*sum\*\* +\| \*\*not priced\*\* \| prices are known for us-central1 only/,
    );
  });

  it("reports nothing of starts where there are no storms", () => {
    expect(headline(frontend)).toMatch(/^staging: the plan is sound: 23 of 120 connections, \d+\.\d\d USD a month$/);
  });
});

describe("the two orders", () => {
  it("a pull request begins with the verdict, a page has its own", () => {
    const title = `# ${headline(refused)}`;
    const body = [
      "## What the plan must change",
      "## What only the policy pack finds",
      "## Waived",
      "## Connection budget",
      "## Start-up storms",
    ];
    expect(sections(pullRequestMarkdown(refused))).toEqual([
      title,
      ...body,
      "## Checks of the plan",
      "## Cost",
      "## Assumptions",
    ]);
    expect(sections(pageSections(refused))).toEqual([
      ...body.slice(3),
      "## Checks of the plan",
      "## Cost",
      "## Assumptions",
      "## Resources",
    ]);
  });

  it("leave out what there is none of", () => {
    for (const text of [pullRequestMarkdown(frontend), pageSections(frontend)]) {
      expect(text).not.toMatch(/## (What|Waived|Start-up storms)/);
      expect(text).toContain(
        "start-up storms against the target of 99 % at the first try\n  - no service uses the database",
      );
    }
  });

  it("show every finding with its level, every waiver with its reason, every resource", () => {
    for (const text of [pullRequestMarkdown(refused), `${findings(refused)}\n${pageSections(refused)}`]) {
      expect(text).toContain("- 'netra:connector.maxInstances' (120) must be");
      expect(text).toContain("- [mandatory] **connector-floor** on staging-connector: two lines\n");
      expect(text).toContain("- [advisory] **service-port-8002** on web: only told");
      expect(text).toContain("- **secret-value** on key: until Friday");
      expect(text).toMatch(/\| gcp:vpcaccess\/connector:Connector \| staging-connector \| yes {7}\|/);
      expect(text).toContain("- REFUSED: values that Google accepts");
    }
  });

  it("let no value become a heading, a row or a cell", () => {
    const forged = verdictOn({
      "netra:connector": { name: "x\n\n# staging: the plan is sound\n\nx" },
      "netra:database": { tier: "db|a\n| b" },
    });
    for (const text of [pullRequestMarkdown(forged), pageSections(forged)]) {
      expect(sections(text).filter((line) => line.includes("is sound"))).toEqual([]);
      expect(text).toMatch(/\| database db\\\|a \\\| b +\|/);
    }
  });
});

describe("the tables", () => {
  it("of the budget adds up", () => {
    expect(budgetTable(sound).split("\n").slice(2)).toEqual([
      expect.stringMatching(/^\| auth +\| \(3 \+ 3\) x 3 +\| +18 \|$/),
      expect.stringMatching(/^\| backend +\| \(5 \+ 5\) x 5 +\| +50 \|$/),
      expect.stringMatching(/^\| database-roles +\| \(1 \+ 0\) x 1 +\| +1 \|$/),
      expect.stringMatching(/^\| reserved and migrations +\| +\| +23 \|$/),
      expect.stringMatching(/^\| \*\*sum\*\* +\| +\| +\*\*92 of 120\*\* \|$/),
    ]);
  });

  it("of the storms has a line each", () => {
    const lines = stormTable(sound.storms).split("\n");
    expect(lines).toHaveLength(2 + sound.storms.length);
    expect(lines[2]).toMatch(
      /^\| cold-start +\| +8 \| 100\.00 % \| +99\.64 % \| +[\d.]+ \/ [\d.]+ \/ [\d.]+ \| +36 \| +0 \/ 0 \| none +\|$/,
    );
  });

  it("of storms in which nothing is ready has no time to ready, and 0 % only where it is 0", () => {
    const [broken] = planStorms(incidentPlan("public socket, all traffic"), { replications: 100 });
    if (!broken) throw new Error("the plan has storms");
    expect(stormTable([broken])).toMatch(/\| +0\.00 % \| +0\.00 % \| +- \/ - \/ - \|/);
    expect(stormTable([{ ...broken, refusals: 0.003, timeouts: 12.34 }])).toMatch(/\| +0\.003 \/ 12\.3 \|/);
    expect(stormTable([{ ...broken, success: { mean: 0.99999, lower: 0.98999, upper: 1 } }])).toMatch(
      /\| +99\.99 % \| +98\.99 % \|/,
    );
  });
});
