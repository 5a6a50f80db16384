import { expect, it } from "vitest";
import type { ServiceStarts } from "../../../capacity/storm/results";
import { readyTimes } from "../../../report/plots/ready-times";

const starts = (service: string, p99: number | null, readyShare = 1, windowSeconds = 100): ServiceStarts => ({
  service,
  readyShare,
  windowSeconds,
  readySeconds: { p50: p99 === null ? null : p99 / 2, p95: p99, p99 },
});
/** From and to, in pixels, of every bar in that colour. */
const bars = (svg: string, colour: string) =>
  [...svg.matchAll(/<path d="M([\d.]+),[\d.]+h([\d.]+)v16h[^"]*" fill="var\(--([^)]+)\)"/g)]
    .filter(([, , , fill]) => fill === colour)
    .map(([, from, width]) => [Number(from), Number(from) + Number(width)]);

it("draws p50 to p99 of each service, in its slowest storm, inside its own window", async () => {
  const { title, alternative, svg } = await readyTimes(
    [
      { scenario: "cold-start", services: [starts("web", 20), starts("jobs", 10, 1, 50)] },
      { scenario: "recovery", services: [starts("web", 40), starts("jobs", 9, 1, 50)] },
    ],
    0.99,
  );
  expect(title).toBe("Every service is ready inside its probe window");
  expect(alternative).toBe(
    "web: p50 20 s, p99 40 s, window 100 s, slowest in recovery; jobs: p50 5 s, p99 10 s, window 50 s, slowest in cold-start.",
  );
  expect(bars(svg, "grid")).toEqual([
    [0, 380],
    [0, 190],
  ]);
  expect(bars(svg, "series-1")).toEqual([
    [76, 152],
    [19, 38],
  ]);
});

it("names the services that are not ready in time", async () => {
  const { title, alternative, svg } = await readyTimes(
    [{ scenario: "cold-start", services: [starts("web", 20, 0.5), starts("jobs", null, 0), starts("mail", 5)] }],
    0.99,
  );
  expect(title).toBe("Not ready in time: web, jobs");
  expect(alternative).toBe(
    "web: 50.00 % ready, p50 10 s, p99 20 s, window 100 s, slowest in cold-start; jobs: none ready, window 100 s, slowest in cold-start; mail: p50 2.5 s, p99 5 s, window 100 s, slowest in cold-start.",
  );
  expect(bars(svg, "limit")).toHaveLength(1);
});

it("labels as slowest the storm in which the fewest starts are ready", async () => {
  const { alternative } = await readyTimes(
    [
      { scenario: "cold-start", services: [starts("web", 20, 0.5)] },
      { scenario: "recovery", services: [starts("web", 90)] },
    ],
    0.99,
  );
  expect(alternative).toMatch(/^web: 50\.00 % ready, .* slowest in cold-start\.$/);
});

it("draws the slowest services of many, and reports it", async () => {
  const services = Array.from({ length: 300 }, (_, i) => starts(`service-${i}`, i % 150));
  const { alternative, svg } = await readyTimes([{ scenario: "cold-start", services }], 0.99);
  expect(bars(svg, "grid")).toHaveLength(12);
  expect(svg).toContain("the 12 slowest of 300 services");
  expect(alternative).toMatch(/^service-144: .* These are the slowest of 300 services\.$/);
  expect(alternative).not.toContain("service-143:");
});

it("names some of many services that are not ready in time", async () => {
  const services = Array.from({ length: 15 }, (_, i) => starts(`service-${i}`, 120));
  const { title } = await readyTimes([{ scenario: "cold-start", services }], 0.99);
  expect(title).toMatch(/^Not ready in time: service-0, .*, service-11 and 3 others$/);
});
