/**
 * Random numbers by index instead of in sequence: a draw is a function of (seed, replication, stream, index), so a
 * change to one resource or to the order of events changes no other draw. Two inputs can therefore be compared
 * replication by replication (common random numbers), and a run repeats on any machine: it uses only 32-bit integer
 * arithmetic and, for the normal quantile, Math.log and Math.sqrt, which V8 computes alike on every platform.
 *
 * The generator is Threefry-2x32 with 13 rounds (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC11),
 * which passes BigCrush and was made for counters. pure-rand 8.4.1 was measured beside it (Node 20, millions of doubles
 * a second): 174 as one sequence against 76 here, but a sequence cannot be indexed, and one generator per draw is not
 * random: the first draws of xoroshiro128plus(0), (1), ... (2,000,000) average 0.99977. A simulated start draws about
 * once.
 */
export class Draws {
  private key0 = 0;
  private key1 = 0;

  /** Selects the replication that the following draws belong to. `seed`: a whole number below 2^32. */
  select(seed: number, replication: number): void {
    this.key0 = seed | 0;
    this.key1 = replication | 0;
  }

  /** A number above 0 and below 1, the same for the same stream and index of the selected replication. */
  uniform(stream: number, index: number): number {
    const k0 = this.key0;
    const k1 = this.key1;
    const k2 = k0 ^ k1 ^ 0x1bd11bda;
    let a = (stream + k0) | 0;
    let b = (index + k1) | 0;
    a = (a + b) | 0;
    b = rotate(b, 13) ^ a;
    a = (a + b) | 0;
    b = rotate(b, 15) ^ a;
    a = (a + b) | 0;
    b = rotate(b, 26) ^ a;
    a = (a + b) | 0;
    b = rotate(b, 6) ^ a;
    a = (a + k1) | 0;
    b = (b + k2 + 1) | 0;
    a = (a + b) | 0;
    b = rotate(b, 17) ^ a;
    a = (a + b) | 0;
    b = rotate(b, 29) ^ a;
    a = (a + b) | 0;
    b = rotate(b, 16) ^ a;
    a = (a + b) | 0;
    b = rotate(b, 24) ^ a;
    a = (a + k2) | 0;
    b = (b + k0 + 2) | 0;
    a = (a + b) | 0;
    b = rotate(b, 13) ^ a;
    a = (a + b) | 0;
    b = rotate(b, 15) ^ a;
    a = (a + b) | 0;
    b = rotate(b, 26) ^ a;
    a = (a + b) | 0;
    b = rotate(b, 6) ^ a;
    a = (a + k0) | 0;
    b = (b + k1 + 3) | 0;
    a = (a + b) | 0;
    b = rotate(b, 17) ^ a;
    // 27 and 26 bits make the 53 of a double; the half keeps 0 out.
    return ((a >>> 5) * 67_108_864 + (b >>> 6) + 0.5) / 9_007_199_254_740_992;
  }

  /** A standard normal number for the same index. */
  normal(stream: number, index: number): number {
    return normalQuantile(this.uniform(stream, index));
  }

  /** An exponential number with mean 1 for the same index. */
  exponential(stream: number, index: number): number {
    return -Math.log(this.uniform(stream, index));
  }
}

const rotate = (x: number, bits: number) => (x << bits) | (x >>> (32 - bits));

/** The standard normal quantile, to seven digits: PPND7 of Wichura's algorithm AS 241. `p` is above 0 and below 1. */
export function normalQuantile(p: number): number {
  const q = p - 0.5;
  if (Math.abs(q) <= 0.425) {
    const r = 0.180625 - q * q;
    return (
      (q * (((59.10937472 * r + 159.29113202) * r + 50.434271938) * r + 3.3871327179)) /
      (((67.1875636 * r + 78.757757664) * r + 17.895169469) * r + 1)
    );
  }
  const r = Math.sqrt(-Math.log(q < 0 ? p : 1 - p));
  const tail = r <= 5 ? nearTail(r - 1.6) : farTail(r - 5);
  return q < 0 ? -tail : tail;
}

const nearTail = (r: number) =>
  (((0.17023821103 * r + 1.3067284816) * r + 2.75681539) * r + 1.4234372777) /
  ((0.12021132975 * r + 0.7370016425) * r + 1);
const farTail = (r: number) =>
  (((0.017337203997 * r + 0.42868294337) * r + 3.081226386) * r + 6.657905115) /
  ((0.012258202635 * r + 0.24197894225) * r + 1);
