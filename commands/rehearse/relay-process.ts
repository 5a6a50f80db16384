import { rmSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { postmasterOf } from "./folder";
import { ownCpuSeconds, type RelayAnswer, type RelayOrder } from "./protocol";
import { Relay } from "./relay";

/*
 * The relay runs in its own process, so that its cost can be measured and stays off the server's core. It outlives a
 * rehearsal that is killed, and then stops the server and removes its folder.
 */

const relay = new Relay();
let guarded: string | undefined;
const answer = (message: RelayAnswer) => process.send?.(message);

process.on("message", (order: RelayOrder) => {
  switch (order.kind) {
    case "guard":
      guarded = order.folder;
      answer({ kind: "guarding" });
      break;
    case "set":
      relay.set(order.target, order.behaviour);
      answer({ kind: "set" });
      break;
    case "cpu":
      answer({ kind: "cpu", seconds: ownCpuSeconds() });
  }
});
process.once("disconnect", () => void vanish());
void relay.listen().then((port) => answer({ kind: "listening", port }));

async function vanish(): Promise<void> {
  relay.close();
  if (guarded !== undefined) {
    const postmaster = postmasterOf(guarded);
    // Fast shutdown; the server needs its folder until it has ended.
    while (postmaster !== undefined && signalled(postmaster)) await sleep(100);
    rmSync(guarded, { recursive: true, force: true, maxRetries: 5 });
  }
  process.exit();
}

function signalled(pid: number): boolean {
  try {
    return process.kill(pid, "SIGINT");
  } catch {
    return false; // it has ended
  }
}
