/*
 * The simulation kernel: a clock that hands out one event at a time, and the resources a storm queues for. Everything lives
 * in typed arrays; nothing is allocated per event, and there is no promise, generator or closure per event.
 */

// A typed array read within its length is never undefined, but `noUncheckedIndexedAccess` cannot know the length. One function
// for each kind of array, so that V8 compiles each for one kind only.
export const f64 = (array: Float64Array, index: number): number => array[index] as number;
export const i32 = (array: Int32Array, index: number): number => array[index] as number;

const NEVER = Number.POSITIVE_INFINITY;

/**
 * A binary heap of (key, payload) in the order of (key, sequence of insertion). Taking the top leaves a hole that the next
 * insertion fills, because most events cause exactly one other.
 *
 * flatqueue 3.1.0 promises no order among equal keys, so a result would depend on its internals. Measured beside it (Node 20,
 * hold model, millions of events a second): 27 against 32 with 8 entries, 20 against 18 with 40, 15 against 17 with 160.
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

  private close(): void {
    this.hole = false;
    const last = --this.size;
    if (last > 0) this.sink(0, f64(this.keys, last), i32(this.sequences, last), i32(this.payloads, last));
  }

  // These two are most of a storm's time and read directly: through f64 and i32, which V8 does not inline at that depth, a storm
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
        if (other < childKey || (other === childKey && (sequences[child + 1] as number) < (sequences[child] as number))) {
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
    const { keys, sequences, payloads } = this;
    this.keys = new Float64Array(2 * keys.length);
    this.keys.set(keys);
    this.sequences = new Int32Array(2 * keys.length);
    this.sequences.set(sequences);
    this.payloads = new Int32Array(2 * keys.length);
    this.payloads.set(payloads);
  }
}

/** Kinds of events are below this; a subject is below 2^31 / KINDS. */
const KINDS = 16;

/**
 * The clock: events in the order of (time, sequence). What a {@link FairShare} finishes comes before every event of the same
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

  /** A `share` completes its work by itself: a completion arrives as an event of its kind. */
  constructor(private readonly share?: FairShare) {}

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
    const { heap, share } = this;
    let at = heap.first();
    if (share !== undefined && share.nextAt <= at) {
      at = share.nextAt;
      if (at === NEVER) return false;
      this.kind = share.kind;
      this.subject = share.complete();
    } else {
      if (at === NEVER) return false;
      const payload = heap.firstPayload();
      this.kind = payload & (KINDS - 1);
      this.subject = payload >> 4;
      this.sequence = heap.firstSequence();
      heap.takeFirst();
    }
    this.now = at;
    this.taken++;
    return true;
  }
}

/**
 * Processor sharing: `servers` CPUs (a fraction is allowed) shared fairly by all jobs, one CPU per job at most. Jobs are kept by
 * the virtual time at which they finish, so that an arrival changes the speed of all of them without touching any.
 */
export class FairShare {
  /** When the next job finishes if nothing else arrives; Infinity where there is none. */
  nextAt = NEVER;
  jobs = 0;
  peak = 0;
  private readonly heap = new OrderedHeap();
  private virtual = 0;
  private since = 0;
  private rate = 1;

  constructor(
    /** The kind of event that a completion is. */
    readonly kind: number,
    private readonly servers: number,
  ) {}

  clear(): void {
    this.heap.clear();
    this.jobs = 0;
    this.virtual = 0;
    this.since = 0;
    this.nextAt = NEVER;
  }

  add(now: number, seconds: number, subject: number): void {
    this.advance(now);
    this.heap.insert(this.virtual + seconds, subject);
    this.jobs++;
    if (this.jobs > this.peak) this.peak = this.jobs;
    this.plan(now);
  }

  /** Takes a job of that subject away unfinished. The caller knows that there is one. */
  remove(now: number, subject: number): void {
    this.advance(now);
    this.heap.remove(subject);
    this.jobs--;
    this.plan(now);
  }

  /** Ends the job that is due at `nextAt` and returns its subject. */
  complete(): number {
    const now = this.nextAt;
    this.advance(now);
    const subject = this.heap.firstPayload();
    this.heap.takeFirst();
    this.jobs--;
    this.plan(now);
    return subject;
  }

  private advance(now: number): void {
    this.virtual += (now - this.since) * this.rate;
    this.since = now;
  }

  private plan(now: number): void {
    if (this.jobs === 0) {
      // An idle CPU starts from zero, so that a lone job takes exactly its own time whatever ran before.
      this.virtual = 0;
      this.nextAt = NEVER;
      return;
    }
    const rate = Math.min(1, this.servers / this.jobs);
    this.rate = rate;
    this.nextAt = now + Math.max(0, this.heap.first() - this.virtual) / rate;
  }
}

/**
 * First come, first served, by `servers` equal servers (Infinity: nobody waits). Because nothing overtakes, the departure is
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
