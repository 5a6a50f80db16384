/*
 * The simulation kernel: a clock that hands out one event at a time, and the resources a storm queues for. Everything
 * lives
 * in typed arrays; nothing is allocated per event, and there is no promise, generator or closure per event.
 */

// A typed array read within its length is never undefined, but `noUncheckedIndexedAccess` cannot know the length. One
// function
// for each kind of array, so that V8 compiles each for one kind only.
export const f64 = (array: Float64Array, index: number): number => array[index] as number;
export const i32 = (array: Int32Array, index: number): number => array[index] as number;

const NEVER = Number.POSITIVE_INFINITY;

export function doubledInts(array: Int32Array) {
  const larger = new Int32Array(2 * array.length);
  larger.set(array);
  return larger;
}

function doubledFloats(array: Float64Array) {
  const larger = new Float64Array(2 * array.length);
  larger.set(array);
  return larger;
}

/**
 * A binary heap of (key, payload) in the order of (key, sequence of insertion). Taking the top leaves a hole that the
 * next
 * insertion fills, because most events cause exactly one other.
 *
 * flatqueue 3.1.0 promises no order among equal keys, so a result would depend on its internals. Measured beside it
 * (Node 20,
 * hold model, millions of events a second): 27 against 32 with 8 entries, 20 against 18 with 40, 15 against 17 with
 * 160.
 */
export class OrderedHeap {
  private keys: Float64Array;
  private sequences: Int32Array;
  private payloads: Int32Array;
  private size = 0;
  private inserted = 0;
  private hole = false;

  constructor(capacity = 64) {
    this.keys = new Float64Array(capacity);
    this.sequences = new Int32Array(capacity);
    this.payloads = new Int32Array(capacity);
  }

  clear(): void {
    this.size = 0;
    this.inserted = 0;
    this.hole = false;
  }

  /** The smallest key; Infinity where there is none. */
  first(): number {
    if (this.hole) this.close();
    return this.size > 0 ? f64(this.keys, 0) : NEVER;
  }

  /** The payload of the smallest key. Call it only where there is one. */
  firstPayload(): number {
    return i32(this.payloads, 0);
  }

  /** The sequence number of the smallest key, as `insert` returned it. */
  firstSequence(): number {
    return i32(this.sequences, 0);
  }

  takeFirst(): void {
    if (this.hole) this.close();
    this.hole = true;
  }

  /** Adds an entry and returns its sequence number, which no other entry since `clear` has. */
  insert(key: number, payload: number): number {
    const sequence = this.inserted++;
    if (this.hole) {
      this.hole = false;
      this.sink(0, key, sequence, payload);
    } else {
      if (this.size === this.keys.length) this.grow();
      this.rise(this.size++, key, sequence, payload);
    }
    return sequence;
  }

  /** Removes the entry with that payload, wherever it stands. For what is rare: it searches. */
  remove(payload: number): void {
    if (this.hole) this.close();
    const at = this.payloads.subarray(0, this.size).indexOf(payload);
    if (at < 0) return;
    const last = --this.size;
    if (at === last) return;
    const key = f64(this.keys, last);
    const sequence = i32(this.sequences, last);
    const moved = i32(this.payloads, last);
    if (key < f64(this.keys, at)) this.rise(at, key, sequence, moved);
    else this.sink(at, key, sequence, moved);
  }

  /** Adds to every key: their order stays. */
  shift(by: number): void {
    if (this.hole) this.close();
    for (let at = 0; at < this.size; at++) this.keys[at] = (this.keys[at] as number) + by;
  }

  private close(): void {
    this.hole = false;
    const last = --this.size;
    if (last > 0) this.sink(0, f64(this.keys, last), i32(this.sequences, last), i32(this.payloads, last));
  }

  // These two are most of a storm's time and read directly: through f64 and i32, which V8 does not inline at that
  // depth, a storm
  // of 40 starts takes a third longer. The casts have the reason that stands there.

  private rise(from: number, key: number, sequence: number, payload: number): void {
    const { keys, sequences, payloads } = this;
    let at = from;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const parentKey = keys[parent] as number;
      if (parentKey < key || (parentKey === key && (sequences[parent] as number) < sequence)) break;
      keys[at] = parentKey;
      sequences[at] = sequences[parent] as number;
      payloads[at] = payloads[parent] as number;
      at = parent;
    }
    keys[at] = key;
    sequences[at] = sequence;
    payloads[at] = payload;
  }

  private sink(from: number, key: number, sequence: number, payload: number): void {
    const { keys, sequences, payloads, size } = this;
    let at = from;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= size) break;
      let childKey = keys[child] as number;
      if (child + 1 < size) {
        const other = keys[child + 1] as number;
        if (
          other < childKey ||
          (other === childKey && (sequences[child + 1] as number) < (sequences[child] as number))
        ) {
          child++;
          childKey = other;
        }
      }
      if (childKey > key || (childKey === key && (sequences[child] as number) > sequence)) break;
      keys[at] = childKey;
      sequences[at] = sequences[child] as number;
      payloads[at] = payloads[child] as number;
      at = child;
    }
    keys[at] = key;
    sequences[at] = sequence;
    payloads[at] = payload;
  }

  private grow(): void {
    this.keys = doubledFloats(this.keys);
    this.sequences = doubledInts(this.sequences);
    this.payloads = doubledInts(this.payloads);
  }
}

/** What one CPU has of an {@link OrderedHeap}: room for one entry. Most storms meet one CPU. */
class OneEntry {
  private key = NEVER;
  private payload = -1;

  clear(): void {
    this.key = NEVER;
  }

  first(): number {
    return this.key;
  }

  firstPayload(): number {
    return this.payload;
  }

  takeFirst(): void {
    this.key = NEVER;
  }

  insert(key: number, payload: number): void {
    this.key = key;
    this.payload = payload;
  }

  /** Only what is there is ever removed. */
  remove(): void {
    this.key = NEVER;
  }

  shift(by: number): void {
    this.key += by;
  }
}

/** Kinds of events are below this; a subject is below 2^31 / KINDS. */
const KINDS = 16;

/**
 * The clock: events in the order of (time, sequence). What {@link TimeSlices} finish comes before every event of the
 * same
 * instant, because what finishes exactly at its time-out has finished.
 */
export class EventQueue {
  /** The event that `next` has taken: when, what, whose, and the number that `schedule` gave it. */
  now = 0;
  kind = 0;
  subject = 0;
  sequence = 0;
  /** Events taken since the beginning, over all clears. */
  taken = 0;
  private readonly heap = new OrderedHeap();

  /** `cpu` completes its work by itself: a completion arrives as an event of its kind. */
  constructor(private readonly cpu?: TimeSlices) {}

  clear(): void {
    this.heap.clear();
    this.now = 0;
  }

  /** Plans an event and returns its number, by which the owner can tell later whether it still wants it. */
  schedule(at: number, kind: number, subject: number): number {
    return this.heap.insert(at, subject * KINDS + kind);
  }

  /** Advances to the next event; false when there is none. */
  next(): boolean {
    const { heap, cpu } = this;
    const at = heap.first();
    while (cpu !== undefined && cpu.nextAt <= at && cpu.nextAt < NEVER) {
      cpu.leap(at);
      this.now = cpu.nextAt;
      const done = cpu.endTurn();
      if (done < 0) continue;
      this.kind = cpu.kind;
      this.subject = done;
      this.taken++;
      return true;
    }
    if (at === NEVER) return false;
    const payload = heap.firstPayload();
    this.kind = payload & (KINDS - 1);
    this.subject = payload >> 4;
    this.sequence = heap.firstSequence();
    heap.takeFirst();
    this.now = at;
    this.taken++;
    return true;
  }
}

/**
 * What a Linux scheduler gives a process before the next one's turn: a tick of 250 Hz, as most distributions' kernels
 * have it, s.
 */
export const SLICE_SECONDS = 0.004;

/**
 * CPUs that jobs take in turns, a slice at a time, as processes do: what is shorter than a slice is done at once when
 * its turn
 * comes, so that connects finish one after another, while long queries advance together. A fraction of CPUs is the next
 * whole
 * number of them, each so much slower.
 */
export class TimeSlices {
  /** When a turn ends next if nothing else arrives; Infinity where there is none. */
  nextAt = NEVER;
  jobs = 0;
  peak = 0;
  private readonly cpus: number;
  private readonly speed: number;
  /** Jobs that have a CPU, by the end of their turn. */
  private readonly running: Pick<OrderedHeap, "clear" | "first" | "firstPayload" | "takeFirst" | "remove" | "shift"> & {
    insert(key: number, payload: number): void;
  };
  private onCpu = 0;
  /** Jobs that wait, in the order of their arrival. */
  private queue = new Int32Array(64);
  private waiting = 0;
  // Of each job: whose it is, what is left of it when its turn begins, when that was, and whether the turn ends it.
  private subjects = new Int32Array(64).fill(-1);
  private left = new Float64Array(64);
  private begun = new Float64Array(64);
  private last = new Int32Array(64);
  /** Job numbers that are free: the first so many. */
  private free = Int32Array.from({ length: 64 }, (_, i) => 63 - i);
  private freed = 64;
  /** Job numbers from here on have not been used since the last `clear`. */
  private used = 0;
  /**
   * A job that is too short for a whole round of all: until it is done there is none to leap. -1 where none is known.
   */
  private ending = -1;

  constructor(
    /** The kind of event that a completion is. */
    readonly kind: number,
    cpus: number,
    /** Which of so many that wait has its turn next, from 0; left out: who waits longest. */
    private readonly pick: (waiting: number) => number = () => 0,
  ) {
    this.cpus = Math.ceil(cpus);
    this.speed = cpus === NEVER ? 1 : cpus / this.cpus;
    this.running = this.cpus === 1 ? new OneEntry() : new OrderedHeap();
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
    this.left[job] = seconds;
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

  /** Takes a job of that subject away unfinished. The caller knows that there is one. */
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

  // A turn is most of an overloaded storm's time: arrays are read directly, as in the heap.

  /** Ends the turn that is due at `nextAt`; returns the subject of the job if it is done, else -1. */
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
      this.left[job] = (this.left[job] as number) - (now - (this.begun[job] as number)) * this.speed;
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
   * Takes the rounds at once, in which every job gets one slice and nothing else happens: none is done, and none comes
   * before
   * `until`. Queries of seconds would cost a thousand turns each.
   */
  leap(until: number): void {
    const { subjects, left, begun, cpus, jobs, speed, used } = this;
    if (this.waiting === 0 || this.ending >= 0) return;
    const round = (jobs * SLICE_SECONDS) / cpus;
    let rounds = Math.floor((until - this.nextAt) / round) - 1;
    for (let job = 0; job < used && rounds > 0; job++) {
      if ((subjects[job] as number) < 0) continue;
      rounds = Math.min(rounds, Math.floor((left[job] as number) / speed / SLICE_SECONDS) - 2);
      if (rounds <= 0) this.ending = job;
    }
    if (rounds <= 0) return;
    for (let job = 0; job < used; job++) {
      left[job] = (left[job] as number) - rounds * SLICE_SECONDS * speed;
      begun[job] = (begun[job] as number) + rounds * round;
    }
    this.running.shift(rounds * round);
    this.nextAt = this.running.first();
  }

  /** The others keep their order. By hand: most queues are short, and `copyWithin` is a call of its own. */
  private leaveQueue(at: number): void {
    const { queue } = this;
    const last = --this.waiting;
    for (let i = at; i < last; i++) queue[i] = queue[i + 1] as number;
  }

  /** The CPU that has become free goes to one that waits. */
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

  /** Begins a job's turn: a slice, or the whole job where that is shorter or nobody waits. */
  private begin(now: number, job: number): void {
    const seconds = (this.left[job] as number) / this.speed;
    const isLast = this.waiting === 0 || seconds <= SLICE_SECONDS;
    this.begun[job] = now;
    this.last[job] = isLast ? 1 : 0;
    this.running.insert(now + (isLast ? seconds : SLICE_SECONDS), job);
  }

  /** Somebody has begun to wait: turns that were without end now end with their present slice. */
  private interrupt(now: number): void {
    const { subjects, used } = this;
    for (let job = 0; job < used; job++) {
      if (i32(subjects, job) < 0 || i32(this.last, job) === 0) continue;
      const begun = f64(this.begun, job);
      const end = begun + SLICE_SECONDS * Math.max(1, Math.ceil((now - begun) / SLICE_SECONDS));
      if (end >= begun + f64(this.left, job) / this.speed) continue;
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

/**
 * First come, first served, by `servers` equal servers (Infinity: nobody waits). Because nothing overtakes, the
 * departure is
 * known on arrival. Work once admitted is done even if the client has given up, as packets and forks are.
 */
export class ServerQueue {
  /** Waiting and in service. */
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

  /** Admits work of that length and returns when it leaves; the caller schedules that and then calls `leave`. */
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

/** A token bucket whose callers wait in turn: it holds `burst` tokens and gains `perSecond`. */
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

  /** Takes `count` tokens and returns when they are there: `now`, or later. */
  take(now: number, count: number): number {
    this.tokens = Math.min(this.burst, this.tokens + (now - this.since) * this.perSecond) - count;
    this.since = now;
    return this.tokens >= 0 ? now : now - this.tokens / this.perSecond;
  }
}
