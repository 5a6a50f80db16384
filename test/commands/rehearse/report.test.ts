import { describe, expect, test } from "vitest";
import { type CellResult, errorsOf, isWithin } from "../../../commands/rehearse/comparison";
import type { Rehearsal } from "../../../commands/rehearse/rehearsal";
import { accuracyMarkdown, rehearsalText } from "../../../commands/rehearse/report";
import { predictedBesideMeasured } from "../../../report/plots/rehearsal";

const cell = (name: string, successError: number, readyP95Error: number, refusals: number): CellResult => ({
  name,
  starts: 20,
  connectionsPerStart: 4,
  maxConnections: 50,
  retries: false,
  storms: 10,
  predicted: { success: 0.5 + successError, readyP95Seconds: 1 + readyP95Error, refusals },
  measured: {
    success: 0.5,
    readyP95Seconds: 1,
    refusals,
    successMargin: 0.02,
    errors: refusals > 0 ? { "53300": refusals } : {},
  },
  successError,
  readyP95Error,
  within: Math.abs(successError) <= 0.07 && Math.abs(readyP95Error) <= 0.25,
});

function rehearsal(cells: readonly CellResult[], disturbances: readonly string[] = []): Rehearsal {
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
    disturbances,
    seconds: 1500,
    cells,
    errors,
    ok: isWithin(cells, errors),
  };
}

describe("what a rehearsal found, for people", () => {
  const good = rehearsal([cell("20 x 4 in 50", 0.02, -0.1, 10), cell("5 x 1 in 50", 0, 0.05, 0)]);
  const bad = rehearsal(
    [cell("20 x 4 in 50", 0.2, -0.1, 10), cell("5 x 1 in 50", 0, 0.3, 0)],
    ["the load average was 9.0 before the rehearsal began"],
  );

  test("says in one sentence whether the model is right", () => {
    expect(rehearsalText(good).trim().split("\n").at(-1)).toBe(
      "The model stays within the accepted error in all 2 cells.",
    );
    expect(rehearsalText(bad).trim().split("\n").at(-1)).toBe("The model exceeds the accepted error in 2 of 2 cells.");
  });

  test("shows predicted beside measured with the errors", () => {
    expect(rehearsalText(bad)).toMatch(
      /\| 20 x 4 in 50 +\| +70 % \| 0\.90 s \| +10\.0 \| +50 % ± 2 % \| 1\.00 s \| +10\.0 \| \+20 points \| +-10 % \| outside \|/,
    );
  });

  test("says on what machine, where the model is wrong, in which direction, and whether the machine was quiet", () => {
    const page = accuracyMarkdown(bad, "2026-11-24");
    expect(page).toContain(
      "- Date: 2026-11-24; 25 minutes.\n- Machine: a processor, 2 cores, 24 GiB, Linux 6.1, Node 20.20.2.\n- The server was pinned to core 1",
    );
    expect(page).toContain(
      "**The machine was not quiet**, so the errors may come from the machine: the load average was 9.0 before the rehearsal began.",
    );
    expect(page).toContain(
      "If no connect was refused (1 cells), the model predicts 0 points too much success in the mean, and its p95 time to ready is 30 % too long in the median. " +
        "If connects were refused and not tried again (1 cells), the model predicts 20 points too much success in the mean, and its p95 time to ready is 10 % too short in the median. " +
        "The largest error of the share is in 20 x 4 in 50 (+20 points), the largest error of the time in 5 x 1 in 50 (+30 %).",
    );
    expect(page).toContain("- Success share: median 10 points, worst 20 points");
    expect(accuracyMarkdown(good, "2026-11-24")).toContain("The machine was quiet");
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
