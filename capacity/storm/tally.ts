import { readI32 as i32 } from "./engine/arrays";
import type { StormRun } from "./model";

/** What is counted over all storms of one input. */
export class Tally {
  peakConnections = 0;
  refusals = 0;
  timeouts = 0;
  dialFailures = 0;
  adminApiWaits = 0;
  /** First tries that failed, by what ended them. */
  attempts = 0;
  initTimeout = 0;
  probeWindow = 0;
  private lasted = 0;
  private succeeded = 0;
  private readonly starts: number;
  private readonly shares: Float64Array;
  /** Seconds to ready: room for every start, group after group. */
  private readonly ready: Float64Array;
  /** Where each group's times begin, and where its next one goes. */
  private readonly first: Int32Array;
  private readonly next: Int32Array;

  constructor(groups: readonly { readonly starts: number }[], replications: number) {
    this.first = new Int32Array(groups.length);
    this.starts = groups.reduce((before, group, g) => {
      this.first[g] = before * replications;
      return before + group.starts;
    }, 0);
    this.next = this.first.slice();
    this.shares = new Float64Array(replications);
    this.ready = new Float64Array(this.starts * replications);
  }

  begin(connections: number): void {
    this.succeeded = 0;
    this.connectionsAre(connections);
  }

  /** A first try of that group is ready, so long after its container started. */
  success(group: number, seconds: number): void {
    this.succeeded++;
    const at = i32(this.next, group);
    this.ready[at] = seconds;
    this.next[group] = at + 1;
  }

  /** The slots in use have changed. */
  connectionsAre(count: number): void {
    if (count > this.peakConnections) this.peakConnections = count;
  }

  end(storm: number, now: number): void {
    this.lasted += now;
    this.shares[storm] = this.starts === 0 ? 1 : this.succeeded / this.starts;
  }

  run(queues: StormRun["queues"], events: number): StormRun {
    const readyByGroup = Array.from(this.first, (first, g) => this.ready.slice(first, this.next[g]).sort());
    return {
      starts: this.starts,
      shares: this.shares,
      readySeconds: joined(readyByGroup).sort(),
      readyByGroup,
      peakConnections: this.peakConnections,
      refusals: this.refusals,
      timeouts: this.timeouts,
      dialFailures: this.dialFailures,
      adminApiWaits: this.adminApiWaits,
      failedBy: { attempts: this.attempts, initTimeout: this.initTimeout, probeWindow: this.probeWindow },
      queues,
      stormSeconds: this.lasted / this.shares.length,
      events,
    };
  }
}

function joined(parts: readonly Float64Array[]): Float64Array {
  const whole = new Float64Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
