import { readF64 as f64 } from "./engine/arrays";
import type { SimulationOptions, StormRun } from "./model";

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
  private readies = 0;
  private connections = 0;
  private since = 0;
  private readonly shares: Float64Array;
  private readonly ready: Float64Array;
  private readonly areas: Float64Array;
  private readonly highest: Float64Array;

  constructor(
    private readonly starts: number,
    private readonly options: SimulationOptions,
  ) {
    const bins = options.timeline?.bins ?? 0;
    this.shares = new Float64Array(options.replications);
    this.ready = new Float64Array(options.replications * starts);
    this.areas = new Float64Array(bins);
    this.highest = new Float64Array(bins);
  }

  begin(connections: number): void {
    this.succeeded = 0;
    this.connections = connections;
    this.since = 0;
    if (connections > this.peakConnections) this.peakConnections = connections;
  }

  /** A first try is ready, so long after its container started. */
  success(seconds: number): void {
    this.succeeded++;
    this.ready[this.readies++] = seconds;
  }

  /** The slots in use have changed. */
  connectionsAre(count: number, now: number): void {
    if (this.options.timeline) this.record(now);
    this.connections = count;
    if (count > this.peakConnections) this.peakConnections = count;
  }

  end(storm: number, now: number): void {
    this.lasted += now;
    if (this.options.timeline) this.record(Number.POSITIVE_INFINITY);
    this.shares[storm] = this.starts === 0 ? 1 : this.succeeded / this.starts;
  }

  run(queues: StormRun["queues"], events: number): StormRun {
    const { timeline, replications } = this.options;
    return {
      starts: this.starts,
      shares: this.shares,
      readySeconds: this.ready.slice(0, this.readies).sort(),
      peakConnections: this.peakConnections,
      refusals: this.refusals,
      timeouts: this.timeouts,
      dialFailures: this.dialFailures,
      adminApiWaits: this.adminApiWaits,
      failedBy: { attempts: this.attempts, initTimeout: this.initTimeout, probeWindow: this.probeWindow },
      queues,
      stormSeconds: this.lasted / replications,
      events,
      timeline: timeline && {
        binSeconds: timeline.binSeconds,
        mean: this.areas.map((area) => area / (timeline.binSeconds * replications)),
        max: this.highest,
      },
    };
  }

  /** Adds the connections since the last change to the timeline's bins. */
  private record(until: number): void {
    const { binSeconds = 1, bins = 0 } = this.options.timeline ?? {};
    const end = Math.min(until, binSeconds * bins);
    let from = this.since;
    for (let bin = Math.floor(from / binSeconds); bin < bins && from < end; bin++) {
      const to = Math.min(end, (bin + 1) * binSeconds);
      this.areas[bin] = f64(this.areas, bin) + this.connections * (to - from);
      this.highest[bin] = Math.max(f64(this.highest, bin), this.connections);
      from = Math.max(from, to);
    }
    this.since = until;
  }
}
