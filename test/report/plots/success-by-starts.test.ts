import { expect, it } from "vitest";
import { successByStartsPlot } from "../../../report/plots/success-by-starts";

const point = (starts: number, lower: number) => ({ starts, mean: lower, lower, upper: 1 });
const texts = (svg: string) => [...svg.matchAll(/<text[^>]*>([^<]*)<\/text>/g)].map(([, text]) => text);
const of = (scenario: string, planned: number, target = 0.99) => ({ scenario, planned, target });

it("names the scenario and marks the last number that passes, where the line crosses the target", async () => {
  const points = [point(4, 0.995), point(8, 0.991), point(9, 0.98), point(16, 0.4)];
  const found = { points, lastPassing: 8, firstFailing: 9 };
  const { title, alternative, svg } = await successByStartsPlot(found, of("recovery", 4));
  expect(title).toBe("recovery: 8 starts at once pass, the plan has 4");
  expect(alternative).toBe("With 9 starts the lower bound (95 % confidence) is under the target of 99 %.");
  expect(texts(svg)).toEqual(expect.arrayContaining(["4 in the plan", "8 pass, 9 fail", "target 99 %"]));
  // The line is the lower bound itself, which the gate compares with the target.
  const [, path = ""] = /<path d="(M[^"]*)" stroke="var\(--series-1\)"/.exec(svg) ?? [];
  const height = 240;
  const ys = path
    .split(/[ML]/)
    .filter(Boolean)
    .map((at) => 1 - Number(at.split(",")[1]) / height);
  expect(ys.map((y) => y >= 0.99)).toEqual([true, true, false, false]);
});

it("reports that no number fails, with the target as it was set", async () => {
  const found = { points: [point(4, 0.99995), point(8, 0.99991)], lastPassing: 8 };
  const { title, alternative, svg } = await successByStartsPlot(found, of("cold-start", 4, 0.9999));
  expect(title).toBe("cold-start: at least 8 starts at once pass, the plan has 4");
  expect(alternative).toBe("No number up to 8 is under the target of 99.99 %.");
  expect(texts(svg)).toContain("8 pass");
});

it("does not say that one more start fails where it was not tried", async () => {
  const points = [point(100, 0.995), point(150, 0.991), point(155, 0.98)];
  const found = { points, lastPassing: 150, firstFailing: 155 };
  const { title, alternative, svg } = await successByStartsPlot(found, of("recovery", 100));
  expect(title).toBe("recovery: at least 150 starts at once pass, the plan has 100");
  expect(alternative).toMatch(/^With 155 starts the /);
  expect(texts(svg)).toContain("150 pass, 155 fail");
});

it("reports that no start passes, and one label where the plan is at its limit", async () => {
  const none = await successByStartsPlot({ points: [point(1, 0)], lastPassing: 0, firstFailing: 1 }, of("x", 4));
  expect(none.title).toBe("x: not even one start passes, the plan has 4");
  expect(none.alternative).toMatch(/^With 1 start the /);
  const same = await successByStartsPlot(
    { points: [point(1, 1), point(2, 0)], lastPassing: 1, firstFailing: 2 },
    of("x", 1),
  );
  expect(same.title).toBe("x: 1 start passes, the plan has 1");
  expect(texts(same.svg)).toContain("1 in the plan: 1 pass, 2 fail");
});
