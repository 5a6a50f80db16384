import { parentPort, workerData } from "node:worker_threads";
import { decidedStorms } from "../../capacity/storm/gate";
import { scenarioStorms, stormDetail } from "../../capacity/storm/results";
import { keptRuns, stormRun } from "../../capacity/storm/runs";
import type { StormTask } from "./storm-threads";

/* What one of the threads of storm-threads.ts runs. */

// The other side is storm-threads.ts.
for (const { scenario, as } of workerData as readonly StormTask[]) {
  if (as.kind === "verdict") decidedStorms(scenario, as.target);
  else if (as.kind === "result") scenarioStorms(scenario, as.options);
  else if (as.kind === "detail") stormDetail(scenario, as.options);
  else stormRun(scenario.input, as.options);
}
const runs = keptRuns();
const buffers = runs.flatMap(([, { shares, readySeconds, readyByGroup }]) =>
  [shares, readySeconds, ...readyByGroup].map(({ buffer }) => buffer as ArrayBuffer),
);
parentPort?.postMessage(runs, [...new Set(buffers)]);
