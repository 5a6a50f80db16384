import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { EventQueue } from "../../../../capacity/storm/engine/event-queue";
import { OrderedHeap } from "../../../../capacity/storm/engine/heap";
import { ServerQueue, TokenBucket } from "../../../../capacity/storm/engine/queues";
import { Draws } from "../../../../capacity/storm/engine/random";
import { RoundRobinCpu, SLICE_SECONDS } from "../../../../capacity/storm/engine/round-robin-cpu";
import { bareHeapMM1 } from "../../../../commands/bench/bare-heap";

describe("the event queue", () => {
  it("hands events out by time, and those of one instant in the order in which they were scheduled", () => {
    const times = fc.array(fc.integer({ min: 0, max: 20 }), { maxLength: 200 });
    fc.assert(
      fc.property(times, (all) => {
        const queue = new EventQueue();
        all.forEach((at, subject) => {
          queue.schedule(at, subject % 16, subject);
        });
        const taken: number[] = [];
        while (queue.next()) {
          taken.push(queue.subject);
          expect(queue.kind).toBe(queue.subject % 16);
        }
        expect(taken).toEqual(
          all
            .map((at, i) => ({ at, i }))
            .toSorted((a, b) => a.at - b.at || a.i - b.i)
            .map(({ i }) => i),
        );
      }),
    );
  });

  it("keeps that order while events cause others", () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.integer({ min: 0, max: 5 }), fc.integer({ min: 0, max: 3 })), {
          minLength: 1,
          maxLength: 60,
        }),
        (steps) => {
          const queue = new EventQueue();
          const planned: { at: number; sequence: number }[] = [];
          const schedule = (at: number) => planned.push({ at, sequence: queue.schedule(at, 0, 0) });
          schedule(0);
          for (const [delay, children] of steps) {
            if (!queue.next()) break;
            const due = planned.toSorted((a, b) => a.at - b.at || a.sequence - b.sequence)[0];
            expect([queue.now, queue.sequence]).toEqual([due?.at, due?.sequence]);
            planned.splice(
              planned.findIndex(({ sequence }) => sequence === queue.sequence),
              1,
            );
            for (let i = 0; i < children; i++) schedule(queue.now + delay);
          }
        },
      ),
    );
  });

  it("lets work that is done exactly at its time-out be done", () => {
    const cpu = new RoundRobinCpu(1, 1);
    const queue = new EventQueue(cpu);
    queue.schedule(5, 0, 0);
    cpu.add(0, 5, 7);
    queue.next();
    expect([queue.now, queue.kind, queue.subject]).toEqual([5, 1, 7]);
    queue.next();
    expect([queue.now, queue.kind]).toEqual([5, 0]);
    expect(queue.next()).toBe(false);
  });
});

describe("the heap", () => {
  it("gives entries back in order after any were removed from anywhere", () => {
    const keys = fc.uniqueArray(fc.integer({ min: 0, max: 1000 }), { minLength: 1, maxLength: 150 });
    fc.assert(
      fc.property(keys, fc.array(fc.nat(149)), (all, removed) => {
        const heap = new OrderedHeap(2);
        for (const key of all) heap.insert(key, key);
        const gone = new Set(removed.flatMap((i) => all[i] ?? []));
        for (const key of gone) heap.remove(key);
        const taken: number[] = [];
        while (heap.first() !== Number.POSITIVE_INFINITY) {
          taken.push(heap.firstPayload());
          heap.takeFirst();
        }
        expect(taken).toEqual(all.filter((key) => !gone.has(key)).toSorted((a, b) => a - b));
      }),
    );
  });
});

const ARRIVAL = 0;
const DEPARTURE = 1;
const SERVED = 2;

/** Poisson arrivals, mean service 1, on the resources that storms use. */
function queueing(system: {
  servers: number;
  utilisation: number;
  service: "exponential" | "constant";
  customers: number;
}) {
  const { servers, utilisation, service, customers } = system;
  const draws = new Draws();
  draws.select(20_261_123, servers);
  const events = new EventQueue();
  const resource = new ServerQueue(servers);
  const rate = servers * utilisation;
  let [arrived, waited, sojourn, area, since, inside] = [0, 0, 0, 0, 0, 0];
  events.schedule(draws.exponential(0, 0) / rate, ARRIVAL, 0);
  while (arrived < customers && events.next()) {
    const { now } = events;
    area += inside * (now - since);
    since = now;
    if (events.kind === DEPARTURE) {
      resource.leave();
      inside = resource.inside;
      continue;
    }
    arrived++;
    const seconds = service === "constant" ? 1 : draws.exponential(arrived, 1);
    const departure = resource.admit(now, seconds);
    inside = resource.inside;
    waited += departure - seconds - now;
    sojourn += departure - now;
    events.schedule(departure, DEPARTURE, 0);
    events.schedule(now + draws.exponential(arrived, 0) / rate, ARRIVAL, 0);
  }
  return {
    meanWait: waited / arrived,
    meanSojourn: sojourn / arrived,
    meanInside: area / since,
    arrivalRate: arrived / since,
  };
}

/** Erlang C: the mean wait in M/M/c with mean service 1. */
function meanWaitMMc(servers: number, utilisation: number): number {
  const load = servers * utilisation;
  let [term, sum] = [1, 1];
  for (let k = 1; k < servers; k++) {
    term *= load / k;
    sum += term;
  }
  const all = (term * load) / servers / (1 - utilisation);
  return all / (sum + all) / (servers * (1 - utilisation));
}

/**
 * M/D/c with service 1: what is there a service time later is what was not in service before, and the arrivals in
 * between (Crommelin). Iterated to the stationary distribution, whose mean queue is by Little's law the mean wait times
 * the rate.
 */
function meanWaitMDc(servers: number, utilisation: number): number {
  const load = servers * utilisation;
  const size = 400;
  const arrivals = [Math.exp(-load)];
  for (let k = 1; k < size; k++) arrivals.push(((arrivals[k - 1] ?? 0) * load) / k);
  let states = new Float64Array(size);
  states[0] = 1;
  for (let step = 0; step < 2000; step++) {
    const next = new Float64Array(size);
    states.forEach((probability, n) => {
      const left = Math.max(0, n - servers);
      if (probability > 1e-15)
        for (let k = 0; left + k < size; k++) next[left + k] = (next[left + k] ?? 0) + probability * (arrivals[k] ?? 0);
    });
    const change = next.reduce((sum, probability, n) => sum + Math.abs(probability - (states[n] ?? 0)), 0);
    states = next;
    if (change < 1e-12) break;
  }
  return states.reduce((sum, probability, n) => sum + Math.max(0, n - servers) * probability, 0) / load;
}

/**
 * Enough customers for 2 % at that utilisation: waits of neighbours resemble one another the more, the busier the
 * servers are.
 */
const CUSTOMERS: Readonly<Record<number, number>> = { 0.3: 400_000, 0.6: 800_000, 0.8: 2_500_000 };
const systems = [1, 4].flatMap((servers) =>
  [0.3, 0.6, 0.8].map((utilisation) => ({ servers, utilisation, customers: CUSTOMERS[utilisation] ?? 0 })),
);
const relativeError = (measured: number, exact: number) => Math.abs(measured / exact - 1);

describe("theory, on the kernel that storms run on", () => {
  it("knows M/D/1 exactly: half the wait of M/M/1", () => {
    expect(meanWaitMDc(1, 0.6)).toBeCloseTo(0.6 / (2 * 0.4), 9);
    expect(meanWaitMMc(1, 0.6)).toBeCloseTo(0.6 / 0.4, 12);
  });

  it.each(systems)(
    "M/M/$servers at utilisation $utilisation: mean wait within 2 %, Little's law within 1 %",
    (system) => {
      const found = queueing({ ...system, service: "exponential" });
      expect(relativeError(found.meanWait, meanWaitMMc(system.servers, system.utilisation))).toBeLessThan(0.02);
      expect(relativeError(found.meanInside, found.arrivalRate * found.meanSojourn)).toBeLessThan(0.01);
      expect(
        relativeError(
          found.meanInside,
          system.servers * system.utilisation * (meanWaitMMc(system.servers, system.utilisation) + 1),
        ),
      ).toBeLessThan(0.02);
    },
  );

  it.each(systems)(
    "M/D/$servers at utilisation $utilisation: mean wait within 2 %, Little's law within 1 %",
    (system) => {
      const found = queueing({ ...system, customers: Math.min(system.customers, 800_000), service: "constant" });
      expect(relativeError(found.meanWait, meanWaitMDc(system.servers, system.utilisation))).toBeLessThan(0.02);
      expect(relativeError(found.meanInside, found.arrivalRate * found.meanSojourn)).toBeLessThan(0.01);
    },
  );

  it.each(["exponential", "constant"] as const)(
    "turns on a CPU with %s work of many slices: the mean time is 1 / (1 - utilisation), whatever the work, as of processor sharing",
    (service) => {
      const [utilisation, customers, mean] = [0.6, 100_000, 25 * SLICE_SECONDS];
      const draws = new Draws();
      draws.select(1, 1);
      const cpu = new RoundRobinCpu(SERVED, 1);
      const events = new EventQueue(cpu);
      const arrivedAt = new Float64Array(customers);
      let [arrived, served, sojourn] = [0, 0, 0];
      events.schedule(0, ARRIVAL, 0);
      while (served < customers && events.next()) {
        if (events.kind === SERVED) {
          served++;
          sojourn += events.now - (arrivedAt[events.subject] ?? 0);
        } else {
          arrivedAt[arrived] = events.now;
          cpu.add(events.now, mean * (service === "constant" ? 1 : draws.exponential(arrived, 1)), arrived);
          arrived++;
          if (arrived < customers)
            events.schedule(events.now + (mean * draws.exponential(arrived, 0)) / utilisation, ARRIVAL, 0);
        }
      }
      expect(relativeError(sojourn / customers / mean, 1 / (1 - utilisation))).toBeLessThan(0.02);
    },
  );

  it("the bare heap of the benchmark runs the same M/M/1", () => {
    expect(relativeError(bareHeapMM1(1_000_000, 0.6), 0.6 / 0.4)).toBeLessThan(0.02);
  });
});

describe("turns on CPUs", () => {
  /** When each of the jobs, all added at 0, is done; in slices. */
  const done = (cpus: number, slices: readonly number[], pick?: (waiting: number) => number) => {
    const cpu = new RoundRobinCpu(0, cpus, pick);
    const events = new EventQueue(cpu);
    slices.forEach((work, subject) => {
      cpu.add(0, work * SLICE_SECONDS, subject);
    });
    const times: number[] = [];
    while (events.next()) times[events.subject] = Number((events.now / SLICE_SECONDS).toFixed(9));
    return times;
  };

  it("what is shorter than a slice is done when its turn comes", () =>
    expect(done(1, [0.5, 0.25, 1])).toEqual([0.5, 0.75, 1.75]));
  it("what is longer shares the CPU", () => expect(done(1, [30, 30, 30, 30])).toEqual([117, 118, 119, 120]));
  it("who arrives waits for the end of a slice, not of the job", () =>
    expect(done(1, [100, 0.5])).toEqual([100.5, 1.5]));
  it("a job has at most one CPU", () => expect(done(4, [1, 2])).toEqual([1, 2]));
  it("a fraction of CPUs is slower", () => {
    expect(done(0.25, [1])).toEqual([4]);
    expect(done(1.5, [3, 3])).toEqual([4, 4]);
  });
  it("nobody waits where CPUs are unlimited", () =>
    expect(done(Number.POSITIVE_INFINITY, [1, 2, 3])).toEqual([1, 2, 3]));
  it("the scheduler may take another than who waits longest", () =>
    expect(done(1, [0.5, 0.5, 0.5], (waiting) => waiting - 1)).toEqual([0.5, 1.5, 1]));
  it("holds many jobs", () => expect(done(1, Array(200).fill(1)).at(-1)).toBe(200));

  it("gives the others the CPU of a job that is taken away, running or waiting", () => {
    const cpu = new RoundRobinCpu(0, 1);
    const events = new EventQueue(cpu);
    for (const subject of [1, 2, 3]) cpu.add(0, 0.5 * SLICE_SECONDS, subject);
    cpu.remove(0.25 * SLICE_SECONDS, 1);
    cpu.remove(0.25 * SLICE_SECONDS, 3);
    events.next();
    expect([events.now, events.subject]).toEqual([0.75 * SLICE_SECONDS, 2]);
    expect([cpu.jobs, cpu.peak]).toEqual([0, 3]);
    expect(events.next()).toBe(false);
  });
});

describe("the token bucket", () => {
  it("lets a burst through and then one caller after another, at exactly its rate", () => {
    const bucket = new TokenBucket(4, 3);
    const granted = Array.from({ length: 8 }, () => bucket.take(1, 1));
    expect(granted).toEqual([1, 1, 1, 1.25, 1.5, 1.75, 2, 2.25]);
  });

  it("without a limit lets every caller through, also at the same moment", () => {
    const bucket = new TokenBucket(Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY);
    expect([0, 0, 3, 3].map((now) => bucket.take(now, 2))).toEqual([0, 0, 3, 3]);
  });

  it("fills up again while nobody calls, and never beyond the burst", () => {
    const bucket = new TokenBucket(2, 4);
    expect(bucket.take(0, 4)).toBe(0);
    expect(bucket.take(1, 4)).toBe(2);
    expect(bucket.take(100, 4)).toBe(100);
    expect(bucket.take(100, 1)).toBe(100.5);
  });

  it("grants in the order of the calls, never early and never more than rate and burst allow", () => {
    const calls = fc.array(fc.tuple(fc.double({ min: 0, max: 3, noNaN: true }), fc.integer({ min: 1, max: 3 })), {
      minLength: 1,
      maxLength: 50,
    });
    fc.assert(
      fc.property(calls, (gaps) => {
        const bucket = new TokenBucket(2, 5);
        let [now, before, given] = [0, 0, 0];
        for (const [gap, count] of gaps) {
          now += gap;
          const granted = bucket.take(now, count);
          given += count;
          expect(granted).toBeGreaterThanOrEqual(Math.max(now, before) - 1e-9);
          expect(given).toBeLessThanOrEqual(5 + 2 * granted + 1e-6);
          before = granted;
        }
      }),
    );
  });
});

describe("a queue with servers without end", () => {
  it("lets nobody wait", () => {
    const queue = new ServerQueue(Number.POSITIVE_INFINITY);
    expect([queue.admit(0, 2), queue.admit(1, 2)]).toEqual([2, 3]);
    expect(queue.peak).toBe(2);
  });
});
