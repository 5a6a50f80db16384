import { describe, expect, it } from "vitest";
import { type ConnectionHolder, connectionBudget } from "../../../capacity/budget";
import { budgetBar } from "../../../report/plots/budget-bar";

const slots = { maxConnections: 100, usableShare: 0.8, reservedConnections: 10, migrationConnections: 5 };
const holder = (label: string, instances: number, overlap = instances): ConnectionHolder => ({
  label,
  instances,
  overlap,
  poolSize: 3,
  maxOverflow: 2,
  workers: 1,
});
const drawn = (holders: readonly ConnectionHolder[], database = slots) =>
  budgetBar(connectionBudget(holders, database), database, 100);
const texts = (svg: string) => [...svg.matchAll(/<text[^>]*>([^<]*)<\/text>/g)].map(([, text]) => text);
/** Left and right end of every rectangle that is as high as the bar, in hundredths of max_connections. */
const segments = (svg: string) =>
  [...svg.matchAll(/<path d="M([\d.]+),40h([\d.]+)v36h-[\d.]+Z" fill="([^"]+)"(?: opacity="([\d.]+)")?/g)].map(
    ([, from, width, fill, opacity]) => ({
      from: Number(from),
      to: Number(from) + Number(width),
      fill: fill?.replace(/var\(--(.*)\)/, "$1"),
      old: opacity === "0.4",
    }),
  );

describe("the budget's bar", () => {
  it("stacks what is reserved, the migrations and both revisions of every service, and leaves the rest free", async () => {
    const { svg, title, alternative } = await drawn([holder("web", 3), holder("job", 1, 0)]);
    expect(segments(svg)).toEqual([
      { from: 50, to: 100, fill: "grid", old: false },
      { from: 0, to: 10, fill: "muted", old: false },
      { from: 10, to: 15, fill: "series-1", old: false },
      { from: 15, to: 30, fill: "series-2", old: false },
      { from: 30, to: 45, fill: "series-2", old: true },
      { from: 45, to: 50, fill: "series-3", old: false },
    ]);
    expect(title).toBe("A rollout needs 50 of 80 connections");
    expect(alternative).toBe(
      "reserved for PostgreSQL and people: 10; migrations: 5; web, new and old revision: (3 + 3) x 5 = 30; job: 5. Sum: 50 of 80, 30 left; max_connections 100.",
    );
    expect(texts(svg)).toEqual(
      expect.arrayContaining(["max_connections 100", "allowed 80 (80 %)", "sum, 30 left", "50 of 80"]),
    );
  });

  it("shows what is beyond both limits, and by how many", async () => {
    const { svg } = await drawn([holder("web", 20)]);
    // 215 connections are the whole width, so that both limits are within the bar.
    expect(Math.max(...segments(svg).map(({ to }) => to))).toBeCloseTo(100, 1);
    expect(texts(svg)).toEqual(expect.arrayContaining(["sum, 135 too many", "215 of 80"]));
  });

  it("has no line for what holds nothing", async () => {
    const { alternative } = await drawn([holder("web", 1)], { ...slots, migrationConnections: 0 });
    expect(alternative).not.toContain("migrations");
  });
});

it("sums the smaller ones of many clients up in one row", async () => {
  const holders = Array.from({ length: 20 }, (_, i) => holder(`service-${i}`, i < 10 ? 2 : 1));
  const database = { ...slots, maxConnections: 500 };
  const { alternative, svg } = await drawn(holders, database);
  expect(alternative).toMatch(
    /^reserved for PostgreSQL and people: 10; service-0, .*; service-9, [^;]*; 11 others, each with no more: 105\. Sum: 315 of /,
  );
  expect(texts(svg)).toContain("11 others, each with no more");
});
