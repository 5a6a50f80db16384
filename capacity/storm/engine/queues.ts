import { readF64 } from "./arrays";

const f64 = readF64;
const NEVER = Number.POSITIVE_INFINITY;

/**
 * A queue, first come, first served, with `servers` equal servers (Infinity: nothing waits). Nothing overtakes, so the
 * departure is known on arrival. Admitted work is done even if its client has given up, as for packets and forks.
 */
export class ServerQueue {
  /** Jobs waiting and in service. */
  inside = 0;
  peak = 0;
  private readonly freeAt: Float64Array;

  constructor(servers: number) {
    this.freeAt = new Float64Array(servers === NEVER ? 0 : servers);
  }

  clear(): void {
    this.inside = 0;
    this.freeAt.fill(0);
  }

  /** Admits work and returns its departure time; the caller schedules the departure and then calls `leave`. */
  admit(now: number, seconds: number): number {
    this.inside++;
    if (this.inside > this.peak) this.peak = this.inside;
    const { freeAt } = this;
    if (freeAt.length === 0) return now + seconds;
    let first = 0;
    for (let i = 1; i < freeAt.length; i++) if (f64(freeAt, i) < f64(freeAt, first)) first = i;
    const departure = Math.max(now, f64(freeAt, first)) + seconds;
    freeAt[first] = departure;
    return departure;
  }

  leave(): void {
    this.inside--;
  }
}

/** A token bucket whose callers wait in turn. It holds `burst` tokens and gains `perSecond` (Infinity: nothing waits). */
export class TokenBucket {
  private tokens: number;
  private since = 0;

  constructor(
    private readonly perSecond: number,
    private readonly burst: number,
  ) {
    this.tokens = burst;
  }

  clear(): void {
    this.tokens = this.burst;
    this.since = 0;
  }

  /** Takes `count` tokens and returns the time when they are available: `now` or later. */
  take(now: number, count: number): number {
    if (this.perSecond === NEVER) return now;
    this.tokens = Math.min(this.burst, this.tokens + (now - this.since) * this.perSecond) - count;
    this.since = now;
    return this.tokens >= 0 ? now : now - this.tokens / this.perSecond;
  }
}
