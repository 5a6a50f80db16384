/**
 * The heaviest set of items of which none comes before another. By Dilworth's theorem with weights that is what a
 * maximum flow leaves
 * open in which each item gives its weight to items after it: polynomial, where trying the sets is not.
 * `after` has all that come after an item, directly or not, and never itself; a weight is a whole number of at least 0.
 */
export function heaviestAntichain<T>(
  items: readonly T[],
  weightOf: (item: T) => number,
  after: (item: T) => readonly T[],
): T[] {
  const nodes = items.map(
    (item): Node<T> => ({ item, after: [], toGive: weightOf(item), toTake: weightOf(item), taken: new Map() }),
  );
  const nodeOf = new Map(nodes.map((node) => [node.item, node]));
  for (const node of nodes) node.after.push(...after(node.item).flatMap((item) => nodeOf.get(item) ?? []));
  for (;;) {
    const { givers, takers, open } = reach(nodes);
    if (!open) return nodes.filter((node) => givers.has(node) && !takers.has(node)).map(({ item }) => item);
    give(open, givers, takers);
  }
}

/** An item twice: as one that gives to those after it, and as one that takes from those before it. */
interface Node<T> {
  readonly item: T;
  readonly after: Node<T>[];
  toGive: number;
  toTake: number;
  /** How much of whom. */
  readonly taken: Map<Node<T>, number>;
}

/** Who is reached as a giver, and from which taker; who as a taker, and from which giver. */
interface Reached<T> {
  readonly givers: Map<Node<T>, Node<T> | undefined>;
  readonly takers: Map<Node<T>, Node<T>>;
}

/**
 * Breadth first from all that still have something to give, up to the first, `open`, that can still take: a giver
 * reaches those after
 * it, and a taker those who could give elsewhere what it has of them.
 */
function reach<T>(nodes: readonly Node<T>[]): Reached<T> & { readonly open?: Node<T> } {
  const givers: Reached<T>["givers"] = new Map(
    nodes.filter(({ toGive }) => toGive > 0).map((node) => [node, undefined]),
  );
  const takers: Reached<T>["takers"] = new Map();
  // A map is walked through what is added meanwhile, too.
  for (const giver of givers.keys())
    for (const taker of giver.after) {
      if (takers.has(taker)) continue;
      takers.set(taker, giver);
      if (taker.toTake > 0) return { givers, takers, open: taker };
      for (const [other, amount] of taker.taken) if (amount > 0 && !givers.has(other)) givers.set(other, taker);
    }
  return { givers, takers };
}

/** Gives `open` as much as the way to it allows. */
function give<T>(open: Node<T>, givers: Reached<T>["givers"], takers: Reached<T>["takers"]): void {
  const steps: { readonly taker: Node<T>; readonly giver: Node<T>; readonly instead: Node<T> | undefined }[] = [];
  for (
    let taker: Node<T> | undefined = open, giver = takers.get(open);
    taker && giver;
    giver = taker && takers.get(taker)
  ) {
    const instead = givers.get(giver);
    steps.push({ taker, giver, instead });
    taker = instead;
  }
  const first = steps.at(-1)?.giver ?? open;
  const takeBack = steps.map(({ giver, instead }) => instead?.taken.get(giver) ?? Number.POSITIVE_INFINITY);
  const amount = Math.min(open.toTake, first.toGive, ...takeBack);
  for (const { taker, giver, instead } of steps) {
    taker.taken.set(giver, (taker.taken.get(giver) ?? 0) + amount);
    instead?.taken.set(giver, (instead.taken.get(giver) ?? 0) - amount);
  }
  open.toTake -= amount;
  first.toGive -= amount;
}
