import { describe, expect, it } from "vitest";
import { planScenarios } from "../../../capacity/storm/scenarios";
import { successByStarts } from "../../../capacity/storm/starts";
import { incidentPlan, stagingPlan } from "../staging-plan";
import { stormInput } from "./storm-input";

const coldStart = (plan = stagingPlan()) => {
  const [scenario] = planScenarios(plan);
  if (!scenario) throw new Error("the plan has storms");
  return scenario;
};

describe("success against the number of starts", () => {
  const { points, lastPassing, firstFailing } = successByStarts(coldStart(), 0.99);
  const lowerAt = (wanted: number) => points.find(({ starts }) => starts === wanted)?.lower;

  it("has the plan's own number and goes on until most starts fail", () => {
    expect(lowerAt(8)).toBeGreaterThanOrEqual(0.99);
    expect(points.at(-1)?.mean).toBeLessThan(0.5);
    expect(points.map(({ starts }) => starts)).toEqual(points.map(({ starts }) => starts).toSorted((a, b) => a - b));
  });

  it("finds the number of which one more fails", () => {
    expect(firstFailing).toBe(lastPassing + 1);
    expect(lastPassing).toBeGreaterThan(8);
    expect(lowerAt(lastPassing)).toBeGreaterThanOrEqual(0.99);
    expect(lowerAt(lastPassing + 1)).toBeLessThan(0.99);
  });

  it("finds 0 where not even one start passes", () => {
    const broken = coldStart(incidentPlan("public socket, all traffic"));
    expect(successByStarts(broken, 0.99)).toMatchObject({ lastPassing: 0, firstFailing: 1 });
  });

  const storm = (starts: number, maxConnections: number, attempts = 1) => {
    const retry = { attempts, baseSeconds: 0.1, factor: 1, capSeconds: 1, jitter: 0 };
    const input = stormInput({ group: { starts, retry }, database: { maxConnections } });
    return successByStarts({ name: "test", meaning: "", starts, input }, 0.99);
  };

  it("looks for the limit of many starts to a fifth", () => {
    const { lastPassing, firstFailing = 0 } = storm(120, 180);
    expect(lastPassing).toBeGreaterThan(120);
    expect(firstFailing - lastPassing).toBeGreaterThan(1);
    expect(firstFailing - lastPassing).toBeLessThanOrEqual(lastPassing / 5);
  });

  it("tries no number with more than 10,000 attempts to connect in a storm", () => {
    // A start may try a hundred times, and needs no second one.
    const { points, lastPassing } = storm(60, 100_000, 100);
    expect(points.map(({ starts }) => starts)).toEqual([30, 60]);
    expect(lastPassing).toBe(60);
  });

  it("reports where no number fails", () => {
    const input = stormInput({ group: { connectionsPerProcess: 0 } });
    const free = { name: "test", meaning: "", starts: 1, input };
    expect(successByStarts(free, 0.99)).toEqual(expect.objectContaining({ lastPassing: 16 }));
  });
});
