/**
 * What the kernel is compared with: a bare typed-array heap that runs an M/M/1 queue and nothing else, everything in
 * one function, with a three-shift generator. Returns the mean number in the system, which theory knows.
 */
export function bareHeapMM1(events: number, utilisation = 0.9): number {
  const times = new Float64Array(16);
  const kinds = new Int32Array(16);
  let size = 0;
  let state = 123_456_789;
  const exponential = () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return -Math.log(((state >>> 0) + 0.5) / 4_294_967_296);
  };
  // Within its length a typed array has no undefined element: the casts below.
  const push = (time: number, kind: number) => {
    let at = size++;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if ((times[parent] as number) <= time) break;
      times[at] = times[parent] as number;
      kinds[at] = kinds[parent] as number;
      at = parent;
    }
    times[at] = time;
    kinds[at] = kind;
  };
  let inside = 0;
  let area = 0;
  let now = 0;
  push(0, ARRIVAL);
  for (let i = 0; i < events; i++) {
    const time = times[0] as number;
    const kind = kinds[0] as number;
    size--;
    if (size > 0) {
      const lastTime = times[size] as number;
      let at = 0;
      for (;;) {
        let child = 2 * at + 1;
        if (child >= size) break;
        if (child + 1 < size && (times[child + 1] as number) < (times[child] as number)) child++;
        if ((times[child] as number) >= lastTime) break;
        times[at] = times[child] as number;
        kinds[at] = kinds[child] as number;
        at = child;
      }
      times[at] = lastTime;
      kinds[at] = kinds[size] as number;
    }
    area += inside * (time - now);
    now = time;
    if (kind === ARRIVAL) {
      push(now + exponential() / utilisation, ARRIVAL);
      if (inside++ === 0) push(now + exponential(), DEPARTURE);
    } else if (--inside > 0) push(now + exponential(), DEPARTURE);
  }
  return area / now;
}

const ARRIVAL = 0;
const DEPARTURE = 1;
