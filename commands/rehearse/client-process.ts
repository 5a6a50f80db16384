import { createSecureContext } from "node:tls";
import type { Client } from "pg";
import { codeOf, connect, hangUp, Instance, type Reach } from "./application";
import { type ClientAnswer, type ClientOrder, clockSeconds, type ErrorCounts, ownCpuSeconds, sumOf } from "./protocol";
import { StepwiseConnect } from "./step";

/* A client process. It starts a part of a storm's instances, so that no single process limits the storm. */

const answer = (message: ClientAnswer) => process.send?.(message);
let reach: Reach | undefined;
let held: Client[] = [];
let stepwise: StepwiseConnect | undefined;
let instances: Instance[] = [];

process.on("message", (order: ClientOrder) => void handle(order));
process.once("disconnect", () => process.exit());
answer({ kind: "listening" });

async function handle(order: ClientOrder): Promise<void> {
  switch (order.kind) {
    case "reach":
      reach = {
        access: order.access,
        port: order.port,
        secureContext: createSecureContext({ ca: order.access.certificate }),
      };
      answer({ kind: "reached" });
      break;
    case "connect":
      answer(await connects(order.count, knownReach()));
      break;
    case "step":
      answer({ kind: "stepped", cpuSeconds: await step(order.to) });
      break;
    case "close":
      stepwise?.close();
      stepwise = undefined;
      for (const client of held) hangUp(client);
      held = [];
      answer({ kind: "closed" });
      break;
    case "storm":
      instances = order.groups.map((group) => new Instance(group, knownReach(), order));
      // One answer for all instances: each message costs CPU.
      answer({ kind: "decided", outcomes: await Promise.all(instances.map((instance) => instance.run())) });
      break;
    case "end":
      answer({ kind: "ended", errors: endAll() });
  }
}

function knownReach(): Reach {
  if (!reach) throw new Error("'reach' must be the first order");
  return reach;
}

async function connects(count: number, to: Reach): Promise<Extract<ClientAnswer, { kind: "connected" }>> {
  const seconds: number[] = [];
  const cpuSeconds: number[] = [];
  const codes: string[] = [];
  for (let i = 0; i < count; i++) {
    const [begun, used] = [clockSeconds(), ownCpuSeconds()];
    try {
      held.push(await connect(to, 10));
    } catch (error) {
      codes.push(codeOf(error));
    }
    seconds.push(clockSeconds() - begun);
    cpuSeconds.push(ownCpuSeconds() - used);
  }
  return { kind: "connected", seconds, cpuSeconds, codes };
}

async function step(to: "dial" | "tls"): Promise<number> {
  const used = ownCpuSeconds();
  stepwise ??= new StepwiseConnect(knownReach());
  if (to === "dial") await stepwise.dial();
  else await stepwise.encrypt();
  return ownCpuSeconds() - used;
}

function endAll(): ErrorCounts {
  for (const instance of instances) instance.end();
  return sumOf(instances.map(({ errors }) => errors));
}
