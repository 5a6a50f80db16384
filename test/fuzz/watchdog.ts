import { Worker } from "node:worker_threads";

/** How many inputs have ended: the sign of life. */
export const finished = new Int32Array(new SharedArrayBuffer(4));

/** Far longer than a command may take: only one that never ends takes so long. */
const HANGING_SECONDS = 120;

/**
 * Ends the process when an input keeps it busy for ever, and prints which round it was in: a loop without an `await`
 * lets no timer of its own thread run. Returns what reports the next round.
 */
export function watchdog(seconds = HANGING_SECONDS): (round: string) => void {
  const worker = new Worker(
    `const { writeSync } = require("node:fs");
     const { parentPort, workerData: { finished, seconds } } = require("node:worker_threads");
     let [round, seen, since] = ["", 0, Date.now()];
     parentPort.on("message", (begun) => { round = begun; });
     setInterval(() => {
       const now = Atomics.load(finished, 0);
       if (now !== seen) [seen, since] = [now, Date.now()];
       if (Date.now() - since < seconds * 1000) return;
       writeSync(1, "BROKEN " + round + ": an input has not ended in " + seconds + " s\\n");
       process.kill(process.pid, "SIGKILL");
     }, 500);`,
    { eval: true, workerData: { finished, seconds } },
  );
  return (text) => worker.postMessage(text);
}
