import { describe, expect, test } from "vitest";
import { type CellResult, errorsOf, isWithin } from "../../../commands/rehearse/comparison";
import type { Rehearsal } from "../../../commands/rehearse/rehearsal";
import { accuracyMarkdown, rehearsalHeadline, rehearsalText } from "../../../commands/rehearse/report";
import { predictedBesideMeasured } from "../../../report/plots/rehearsal";

const cell = (name: string, successError: number, readyP95Error: number, refusals: number): CellResult => ({
  name,
  starts: 20,
  connectionsPerStart: 4,
  maxConnections: 50,
  retries: false,
  storms: 10,
  predicted: {
    success: 0.5 + successError,
    successRange: [0.4, 0.6],
    readyP95Seconds: 1 + readyP95Error,
    readyP95Range: [0.8, 1.2],
    refusals,
  },
  measured: {
    success: 0.5,
    readyP95Seconds: 1,
    refusals,
    successMargin: 0.02,
    errors: refusals > 0 ? { "53300": refusals } : {},
  },
  successError,
  readyP95Error,
  successCovered: Math.abs(successError) <= 0.1,
  readyP95Covered: Math.abs(readyP95Error) <= 0.2,
  verdict: Math.abs(successError) <= 0.07 && Math.abs(readyP95Error) <= 0.25 ? "within" : "outside",
});

function rehearsal(cells: readonly CellResult[]): Rehearsal {
  const errors = errorsOf(cells);
  return {
    machine: {
      system: "Linux 6.1",
      processor: "a processor",
      cores: 2,
      memoryGib: 24,
      node: "20.20.2",
      division: "the server was pinned to core 1, clients and relay to core 0",
    },
    timeScale: 1 / 20,
    calibration: {
      connects: 160,
      connectCpuMs: 4.5,
      refusalCpuMs: 3.1,
      startCpuMs: 0.9,
      tlsCpuMs: 2.4,
      closeCpuMs: 1,
      postmasterMs: 0.5,
      clientConnectMs: 5,
      clientRefusalMs: 3,
      clientDialMs: 0.4,
      relayMs: 1.3,
      sigma: 0.1,
      connectMs: 9,
      refusalMs: 5,
      rowsPerCpuMs: 8000,
    },
    quiet: {
      taken: [
        { cores: [1], share: 0.004 },
        { cores: [0], share: 0.012 },
      ],
      storms: 21,
      disturbed: 1,
      unsteadyCells: 0,
    },
    seconds: 1500,
    cells,
    errors,
    ok: isWithin(cells, errors),
  };
}

describe("what a rehearsal found, for people", () => {
  const terminal = { width: 80, colour: false };
  const good = rehearsal([cell("20 x 4 in 50", 0.02, -0.1, 10), cell("5 x 1 in 50", 0, 0.05, 0)]);
  const bad = rehearsal([cell("20 x 4 in 50", 0.2, -0.1, 10), cell("5 x 1 in 50", 0, 0.3, 0)]);
  const disturbed = rehearsal([...good.cells, { ...cell("40 x 1 in 50", 0, 0.9, 0), verdict: "disturbed" }]);

  test.each([
    ["all right", good, "The model stays within the accepted error in all 2 cells."],
    ["wrong", bad, "The model exceeds the accepted error in 2 of 2 cells."],
    [
      "right where it is known",
      disturbed,
      "The model stays within the accepted error in all other 2 cells. 1 cell was disturbed and says nothing.",
    ],
    [
      "unknown",
      rehearsal(disturbed.cells.slice(-1)),
      "Every cell was disturbed, so nothing is known of the model; rehearse on a quiet machine.",
    ],
  ])("reports in one sentence whether the model is right: %s", (_, found, headline) => {
    expect(rehearsalHeadline(found)).toBe(headline);
    expect(rehearsalText(found, terminal).trim().replaceAll("\n", " ").endsWith(headline)).toBe(true);
  });

  test("shows predicted beside measured with the errors", () => {
    expect(accuracyMarkdown(bad, "2026-11-24")).toMatch(
      /\| 20 x 4 in 50 +\| +70 % \| 0\.90 s \| +10\.0 \| +50 % ± 2 % \| 1\.00 s \| +10\.0 \| \+20 points \| +-10 % \| p95 only +\| outside +\|/,
    );
    expect(accuracyMarkdown(disturbed, "2026-11-24")).toMatch(/\| 40 x 1 in 50 .*\| share only +\| disturbed \|\n/);
  });

  test("fits the terminal", () => {
    const lines = rehearsalText(disturbed, terminal).split("\n");
    expect(Math.max(...lines.map(({ length }) => length))).toBeLessThanOrEqual(80);
    expect(lines.find((line) => line.startsWith("20 x 4"))).toMatch(
      /^20 x 4 in 50 +52 % +50 % +\+2 +0\.90 s +1\.00 s +-10 %$/,
    );
  });

  test("reports on what machine, where the model is wrong, and in which direction", () => {
    const page = accuracyMarkdown(bad, "2026-11-24");
    expect(page).toContain(
      "- Date: 2026-11-24; 25 minutes.\n- Machine: a processor, 2 cores, 24 GiB, Linux 6.1, Node 20.20.2.\n" +
        "- PostgreSQL 14 with TLS and SCRAM; the server was pinned to core 1, clients and relay to core 0.\n- 10 storms a cell.\n",
    );
    expect(page).toMatch(/\| server +\| +4\.50 \| +3\.10 \| +1\.00 \|/);
    expect(page).toMatch(/\| ten starts or more, none refused +\| +1 \| +0 points \| +\+30 % \|/);
    expect(page).toMatch(/\| refused and not tried again +\| +1 \| +\+20 points \| +-10 % \|/);
    expect(page).toContain(
      "The largest error of the share is in 20 x 4 in 50 (+20 points), the largest of the p95 in 5 x 1 in 50 (+30 %).",
    );
    expect(page).toContain("- Success share: median 10 points, worst 20 points");
  });

  test("reports how often the measured values lie where the model expects them", () => {
    expect(accuracyMarkdown(bad, "2026-11-24")).toContain(
      "- Coverage: the measured share lies within the model's own 95 % interval in 1 of 2 cells, and the measured p95 in 1 of 2 cells.",
    );
  });

  test("reports what else ran, and counts no disturbed cell", () => {
    const page = accuracyMarkdown(disturbed, "2026-11-24");
    expect(page).toContain(
      "- Others took 0.4 % of core 1 and 1.2 % of core 0 during the storms, in the mean.\n" +
        "- Of 21 storms, 1 was disturbed: others took more than 5 % of a core. Such a storm is repeated, and a cell that keeps one is called disturbed and is not counted below.\n" +
        "- In 0 of 3 cells the cost of single connects varied so much that its mean is uncertain by more than 15 %.\n",
    );
    expect(page).toContain("worst 10 % (accepted");
    expect(page).toContain("interval in 2 of 2 cells, and the measured p95 in 2 of 2 cells.");
  });

  test("draws a point a cell, and names those that are off", async () => {
    const plot = await predictedBesideMeasured(bad.cells, "success");
    expect(plot.alternative).toBe("2 cells; the line is where both agree. More than 5 points apart: 20 x 4 in 50.");
    expect(plot.svg).toContain("measured success share");
    expect((await predictedBesideMeasured(good.cells, "readyP95Seconds")).alternative).toBe(
      "2 cells; the line is where both agree. All are within 25 %.",
    );
  });
});
