import { OrderedHeap } from "./heap";
import type { RoundRobinCpu } from "./round-robin-cpu";

const NEVER = Number.POSITIVE_INFINITY;

/** A kind is below this number, a subject below 2^31 / KINDS. */
const KINDS = 16;

/**
 * The clock: events in the order of (time, sequence). Work that the CPU completes comes before every other event of the
 * same instant, because work that completes exactly at its deadline is in time.
 */
export class EventQueue {
  /** The event that `next` has taken: its time, kind and subject, and the number that `schedule` returned for it. */
  now = 0;
  kind = 0;
  subject = 0;
  sequence = 0;
  /** Events taken since the beginning, over all clears. */
  taken = 0;
  private readonly heap = new OrderedHeap();

  /** Each completion of `cpu` arrives as an event of its kind. */
  constructor(private readonly cpu?: RoundRobinCpu) {}

  clear(): void {
    this.heap.clear();
    this.now = 0;
  }

  /** Schedules an event and returns its number, by which its owner recognises events that it has given up. */
  schedule(at: number, kind: number, subject: number): number {
    return this.heap.insert(at, subject * KINDS + kind);
  }

  /** Advances to the next event; false when there is none. */
  next(): boolean {
    const { heap, cpu } = this;
    const at = heap.first();
    while (cpu !== undefined && cpu.nextAt <= at && cpu.nextAt < NEVER) {
      cpu.skipRounds(at);
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
