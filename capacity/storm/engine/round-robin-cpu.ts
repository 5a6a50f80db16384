import { doubledFloats, doubledInts, readF64, readI32 } from "./arrays";
import { OrderedHeap, SingleEntryHeap } from "./heap";

const f64 = readF64;
const i32 = readI32;
const NEVER = Number.POSITIVE_INFINITY;

/** The slice that a Linux scheduler gives a process before the next one's turn: a tick of 250 Hz, seconds. */
export const SLICE_SECONDS = 0.004;

/**
 * CPUs that serve jobs in turns of one slice, as an operating system schedules processes. A job shorter than a slice is
 * done in its first turn, so short jobs finish one after another while long jobs advance together. A fractional number
 * of CPUs is rounded up, and each CPU is slowed accordingly.
 */
export class RoundRobinCpu {
  /** The end of the next turn if nothing else arrives; Infinity if no job runs. */
  nextAt = NEVER;
  jobs = 0;
  peak = 0;
  private readonly cpus: number;
  private readonly speed: number;
  /** Jobs on a CPU, by the end of their turn. */
  private readonly running: Pick<OrderedHeap, "clear" | "first" | "firstPayload" | "takeFirst" | "remove" | "shift"> & {
    insert(key: number, payload: number): void;
  };
  private onCpu = 0;
  /** Waiting jobs, in the order of arrival. */
  private queue = new Int32Array(64);
  private waiting = 0;
  // For each job: its subject, the seconds on a CPU that are left when its turn begins, the time of that, and whether
  // the turn completes it.
  private subjects = new Int32Array(64).fill(-1);
  private left = new Float64Array(64);
  private begun = new Float64Array(64);
  private last = new Int32Array(64);
  /** Free job numbers: the first `freed` entries. */
  private free = Int32Array.from({ length: 64 }, (_, i) => 63 - i);
  private freed = 64;
  /** Job numbers from here on are unused since the last `clear`. */
  private used = 0;
  /** A job that ends within the next rounds, so that none can be skipped until it is done; -1 if none is known. */
  private ending = -1;

  constructor(
    /** The kind of the completion events. */
    readonly kind: number,
    cpus: number,
    /** Chooses the next of so many waiting jobs, counted from 0. Default: the one that waits longest. */
    private readonly pick: (waiting: number) => number = () => 0,
  ) {
    this.cpus = Math.ceil(cpus);
    this.speed = cpus === NEVER ? 1 : cpus / this.cpus;
    this.running = this.cpus === 1 ? new SingleEntryHeap() : new OrderedHeap();
  }

  clear(): void {
    this.running.clear();
    this.onCpu = 0;
    this.waiting = 0;
    this.jobs = 0;
    this.nextAt = NEVER;
    this.ending = -1;
    const size = this.free.length;
    this.subjects.fill(-1, 0, this.used);
    for (let job = 0; job < this.used; job++) this.free[size - 1 - job] = job;
    this.freed = size;
    this.used = 0;
  }

  add(now: number, seconds: number, subject: number): void {
    if (this.freed === 0) this.grow();
    const job = i32(this.free, --this.freed);
    if (job >= this.used) this.used = job + 1;
    this.subjects[job] = subject;
    this.left[job] = seconds / this.speed;
    this.jobs++;
    if (this.jobs > this.peak) this.peak = this.jobs;
    if (this.onCpu < this.cpus) {
      this.onCpu++;
      this.begin(now, job);
    } else {
      if (this.waiting === 0) this.interrupt(now);
      this.queue[this.waiting++] = job;
    }
    this.nextAt = this.running.first();
  }

  /** Removes an unfinished job of the subject. The subject must have one. */
  remove(now: number, subject: number): void {
    const job = this.subjects.indexOf(subject);
    this.release(job);
    const at = this.queue.subarray(0, this.waiting).indexOf(job);
    if (at >= 0) this.leaveQueue(at);
    else {
      this.running.remove(job);
      this.handOver(now);
    }
    this.nextAt = this.running.first();
  }

  // Turns take most of an overloaded storm's time, so arrays are read directly, as in the heap.

  /** Ends the turn that is due at `nextAt`. Returns the subject if its job is done, else -1. */
  endTurn(): number {
    const now = this.nextAt;
    const job = this.running.firstPayload();
    this.running.takeFirst();
    let done = -1;
    if ((this.last[job] as number) === 1) {
      done = this.subjects[job] as number;
      this.release(job);
      this.handOver(now);
    } else {
      this.left[job] = (this.left[job] as number) - (now - (this.begun[job] as number));
      if (this.waiting === 0) this.begin(now, job);
      else {
        this.queue[this.waiting++] = job;
        this.handOver(now);
      }
    }
    this.nextAt = this.running.first();
    return done;
  }

  /**
   * Skips the rounds in which every job only gets one slice: no job completes, and no other event comes before `until`.
   * Otherwise, queries of several seconds would cost a thousand turns each.
   */
  skipRounds(until: number): void {
    if (this.waiting > 0 && this.ending < 0) this.skip(until);
  }

  private skip(until: number): void {
    const { subjects, left, begun, cpus, jobs, used } = this;
    const round = (jobs * SLICE_SECONDS) / cpus;
    let rounds = Math.floor((until - this.nextAt) / round) - 1;
    for (let job = 0; job < used && rounds > 0; job++) {
      if ((subjects[job] as number) < 0) continue;
      rounds = Math.min(rounds, Math.floor((left[job] as number) / SLICE_SECONDS) - 2);
      if (rounds <= 0) this.ending = job;
    }
    if (rounds <= 0) return;
    for (let job = 0; job < used; job++) {
      left[job] = (left[job] as number) - rounds * SLICE_SECONDS;
      begun[job] = (begun[job] as number) + rounds * round;
    }
    this.running.shift(rounds * round);
    this.nextAt = this.running.first();
  }

  /** Removes an entry and keeps the order of the others. A loop: for short queues, `copyWithin` costs more. */
  private leaveQueue(at: number): void {
    const { queue } = this;
    const last = --this.waiting;
    for (let i = at; i < last; i++) queue[i] = queue[i + 1] as number;
  }

  /** Gives the free CPU to a waiting job. */
  private handOver(now: number): void {
    if (this.waiting === 0) {
      this.onCpu--;
      return;
    }
    const at = this.waiting === 1 ? 0 : this.pick(this.waiting);
    const job = this.queue[at] as number;
    this.leaveQueue(at);
    this.begin(now, job);
  }

  /** Begins a job's turn: a slice, or the whole job if that is shorter or no other job waits. */
  private begin(now: number, job: number): void {
    const seconds = this.left[job] as number;
    const isLast = this.waiting === 0 || seconds <= SLICE_SECONDS;
    this.begun[job] = now;
    this.last[job] = isLast ? 1 : 0;
    this.running.insert(now + (isLast ? seconds : SLICE_SECONDS), job);
  }

  /** A first job waits: turns without a limit now end with their present slice. */
  private interrupt(now: number): void {
    const { subjects, used } = this;
    for (let job = 0; job < used; job++) {
      if (i32(subjects, job) < 0 || i32(this.last, job) === 0) continue;
      const begun = f64(this.begun, job);
      const end = begun + SLICE_SECONDS * Math.max(1, Math.ceil((now - begun) / SLICE_SECONDS));
      if (end >= begun + f64(this.left, job)) continue;
      this.last[job] = 0;
      this.running.remove(job);
      this.running.insert(end, job);
    }
  }

  private release(job: number): void {
    if (job === this.ending) this.ending = -1;
    this.subjects[job] = -1;
    this.last[job] = 0;
    this.free[this.freed++] = job;
    this.jobs--;
  }

  private grow(): void {
    const size = this.free.length;
    this.queue = doubledInts(this.queue);
    this.subjects = doubledInts(this.subjects).fill(-1, size);
    this.left = doubledFloats(this.left);
    this.begun = doubledFloats(this.begun);
    this.last = doubledInts(this.last);
    this.free = new Int32Array(2 * size);
    for (let i = 0; i < size; i++) this.free[i] = 2 * size - 1 - i;
    this.freed = size;
  }
}
