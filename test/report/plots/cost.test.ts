import { expect, it } from "vitest";
import { costAgainstSuccess } from "../../../report/plots/cost";

const point = (tier: string, usdPerMonth: number, success: number, refusedBy: readonly string[] = []) => ({
  tier,
  usdPerMonth,
  success,
  refusedBy,
  maxConnections: 100,
});
const points = [
  point("tiny", 10.4, 0),
  point("small", 20, 0.995, ["shared core"]),
  point("large", 70, 0.995),
  point("huge", 90, 1),
];
const curve = (of: typeof points, scenarios = 5) => ({ points: of, scenarios, simulated: 5 });
const texts = (svg: string) => [...svg.matchAll(/<text[^>]*>([^<]*)<\/text>/g)].map(([, text]) => text);

it("names the tier and the cost of every point, and the cheapest that storms and checks accept", async () => {
  const { title, alternative, svg } = await costAgainstSuccess(curve(points), "huge", 0.99);
  expect(title).toBe("large is the cheapest tier that passes, at 70 USD a month with the connector");
  expect(alternative).toBe(
    "tiny, 10 USD: 0.00 %; small, 20 USD: 99.50 %, refused by a check; large, 70 USD: 99.50 %; huge, 90 USD: 100.00 %, the plan. The share is the lower bound (95 % confidence) of the worst storm; the target is 99 %.",
  );
  for (const label of ["tiny", "10 USD", "small, refused by a check", "large", "huge, the plan", "target 99 %"])
    expect(texts(svg)).toContain(label);
  const fills = [...svg.matchAll(/<path transform="[^"]*" d="[^"]*" fill="var\(--([^)]+)\)"/g)].map(([, fill]) => fill);
  expect(fills).toEqual(["limit", "limit", "sound", "sound"]);
});

it("reports that no tier passes", async () => {
  expect((await costAgainstSuccess(curve(points.slice(0, 2)), "tiny", 0.99)).title).toBe("No tier up to small passes");
});

it("reports which storms were left out", async () => {
  const { alternative, svg } = await costAgainstSuccess(curve(points, 154), "huge", 0.99);
  expect(alternative).toContain(
    "of the worst storm of the 5 that have the most attempts to connect, of 154; the target",
  );
  expect(texts(svg)).toContain("the 5 largest of 154 storms were simulated");
});
