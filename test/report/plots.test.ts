import { describe, expect, it } from "vitest";
import { drawings } from "../../report/drawings";
import { connectionsOverTime, costFrontier, type Plot, successByStarts, timeToReady } from "../../report/plots";
import { incidentPlan, stagingPlan } from "../capacity/staging-plan";

const isDrawn = ({ svg }: Plot) => {
  expect(svg).toMatch(/^<svg /);
  expect(svg).toContain("viewBox=");
  // A number that is none ends as NaN in a path.
  expect(svg).not.toMatch(/NaN|Infinity|undefined/);
};
const point = (starts: number, lower: number) => ({ starts, mean: lower, lower, upper: 1 });

describe("a plot's alternative text is what it shows", () => {
  it("where success ends", async () => {
    const plot = await successByStarts([point(4, 0.995), point(8, 0.97), point(16, 0.4)], 4, 0.99);
    isDrawn(plot);
    expect(plot.alternative).toBe(
      "The plan lets 4 starts coincide. From 8 starts on, the lower bound is under the target of 99 %.",
    );
    expect(plot.svg).toContain("4 in the plan");
    expect(plot.svg).toContain("target 99 %");
  });

  it("that success does not end, with the target as it was set", async () => {
    const { alternative } = await successByStarts([point(4, 0.99995), point(8, 0.99991)], 4, 0.9999);
    expect(alternative).toBe(
      "The plan lets 4 starts coincide. Up to 8 starts the lower bound stays above the target of 99.99 %.",
    );
  });

  it("when starts are ready, and where the window closes", async () => {
    const plot = await timeToReady(
      [
        { scenario: "cold-start", seconds: 0, share: 0 },
        { scenario: "cold-start", seconds: 12.34, share: 0.9996 },
        { scenario: "recovery", seconds: 0, share: 0 },
      ],
      90,
    );
    isDrawn(plot);
    expect(plot.alternative).toBe(
      "cold-start: 99.9 % ready after 12 s; recovery: 0 % ready after 0 s. The shortest start-up window closes at 90 s.",
    );
    expect(plot.svg).toContain("window 90 s");
  });

  it("how near connections come to max_connections", async () => {
    const plot = await connectionsOverTime([{ seconds: 1, mean: 3, highest: 7 }], 150, "cold-start");
    isDrawn(plot);
    expect([plot.title, plot.alternative]).toEqual([
      "Connections over time: cold-start",
      "The highest of all storms is 7 of 150 connections.",
    ]);
    expect(plot.svg).toContain("max_connections 150");
  });

  it("what success costs, and that it cannot be had", async () => {
    const points = [
      { usdPerMonth: 20, success: 0.2, tier: "small" },
      { usdPerMonth: 70, success: 0.995, tier: "large" },
    ];
    const today = { usdPerMonth: 20, success: 0.2 };
    const plot = await costFrontier(points, today, 0.99);
    isDrawn(plot);
    expect(plot.alternative).toBe(
      "Today's plan costs 20 USD a month for connector and database and reaches 20 %. The cheapest tier that reaches 99 % is large, at 70 USD.",
    );
    expect((await costFrontier(points, today, 0.999)).alternative).toMatch(/ No tier shown reaches 99\.9 %\.$/);
  });
});

describe("the drawings of a plan", () => {
  const alternatives = async (plan: Parameters<typeof drawings>[0]) => {
    const plots = await drawings(plan);
    plots.forEach(isDrawn);
    return plots.map(({ alternative }) => alternative);
  };

  it("are none for a plan without database clients", async () => {
    expect(await drawings(stagingPlan({ "netra:services": { auth: undefined, backend: undefined } }))).toEqual([]);
  });

  it("do not call a faultless plan insufficient for a strict target", async () => {
    const [starts, ...others] = await alternatives(
      stagingPlan({ "netra:services": { backend: undefined }, "netra:targets": { startupSuccessPercent: 99.5 } }),
    );
    expect(starts).toBe(
      "The plan lets 3 starts coincide. Up to 48 starts the lower bound stays above the target of 99.5 %.",
    );
    expect(others).toHaveLength(3);
  });

  it("draw what fails, too: nothing ready, slots too few", async () => {
    const [starts, ready, connections, cost] = await alternatives(incidentPlan("public socket, all traffic"));
    expect(starts).toMatch(/From \d+ starts on, the lower bound is under the target/);
    expect(ready).toMatch(/^cold-start: 0 % ready after 0 s; /);
    expect(connections).toMatch(/of 50 connections\.$/);
    expect(cost).toMatch(/reaches 0 %\. No tier shown reaches 99 %\.$/);
  });
});
