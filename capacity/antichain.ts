/**
 * The heaviest set of items of which none comes before another. By Dilworth's theorem with weights it follows from the
 * minimum cut of a network in which each item sends its weight to later items. Maximum flow finds the cut in polynomial
 * time; trying all sets would not be polynomial. `after` returns all items that come after an item, directly or not,
 * and never the item itself; a weight is a whole number of at least 0.
 */
export function heaviestAntichain<T>(
  items: readonly T[],
  weightOf: (item: T) => number,
  after: (item: T) => readonly T[],
): T[] {
  const nodes = items.map(
    (item): Node<T> => ({ item, after: [], fromSource: weightOf(item), toSink: weightOf(item), inflow: new Map() }),
  );
  const nodeOf = new Map(nodes.map((node) => [node.item, node]));
  for (const node of nodes) node.after.push(...after(node.item).flatMap((item) => nodeOf.get(item) ?? []));
  // Along single edges first: where few items are ordered, little is left to search.
  for (const sender of nodes)
    for (const receiver of sender.after) {
      const amount = Math.min(sender.fromSource, receiver.toSink);
      if (amount > 0) augmentEdge(sender, receiver, amount);
    }
  for (;;) {
    const { senders, receivers, end } = findAugmentingPath(nodes);
    if (!end) return nodes.filter((node) => senders.has(node) && !receivers.has(node)).map(({ item }) => item);
    augment(end, senders, receivers);
  }
}

/** An item on both sides of the bipartite network: source -> sender -> receivers after it -> sink. */
interface Node<T> {
  readonly item: T;
  readonly after: Node<T>[];
  /** Residual capacity from the source to the item as a sender. */
  fromSource: number;
  /** Residual capacity from the item as a receiver to the sink. */
  toSink: number;
  /** Flow from each sender to the item as a receiver. */
  readonly inflow: Map<Node<T>, number>;
}

/** The nodes that the residual network reaches from the source, each with the node before it; none: the source. */
interface Reached<T> {
  readonly senders: Map<Node<T>, Node<T> | undefined>;
  readonly receivers: Map<Node<T>, Node<T>>;
}

/**
 * Breadth-first search in the residual network. `end` is the first receiver with capacity to the sink; without one, the
 * flow is maximum and the nodes reached are the source's side of a minimum cut.
 */
function findAugmentingPath<T>(nodes: readonly Node<T>[]): Reached<T> & { readonly end?: Node<T> } {
  const senders: Reached<T>["senders"] = new Map(
    nodes.filter(({ fromSource }) => fromSource > 0).map((node) => [node, undefined]),
  );
  const receivers: Reached<T>["receivers"] = new Map();
  // Iterating over a map also visits the entries that are added meanwhile.
  for (const sender of senders.keys())
    for (const receiver of sender.after) {
      if (receivers.has(receiver)) continue;
      receivers.set(receiver, sender);
      if (receiver.toSink > 0) return { senders, receivers, end: receiver };
      for (const [other, flow] of receiver.inflow) if (flow > 0 && !senders.has(other)) senders.set(other, receiver);
    }
  return { senders, receivers };
}

function augmentEdge<T>(sender: Node<T>, receiver: Node<T>, amount: number): void {
  receiver.inflow.set(sender, amount);
  sender.fromSource -= amount;
  receiver.toSink -= amount;
}

/** Sends as much flow along the path to `end` as its residual capacities allow. */
function augment<T>(end: Node<T>, senders: Reached<T>["senders"], receivers: Reached<T>["receivers"]): void {
  // From the sink back to the source: the flow sender -> receiver grows; sender -> cancelled, if any, shrinks.
  const steps: { readonly receiver: Node<T>; readonly sender: Node<T>; readonly cancelled: Node<T> | undefined }[] = [];
  let receiver: Node<T> | undefined = end;
  while (receiver) {
    const sender = receivers.get(receiver);
    if (!sender) break;
    const cancelled = senders.get(sender);
    steps.push({ receiver, sender, cancelled });
    receiver = cancelled;
  }
  const first = steps.at(-1)?.sender ?? end;
  const backward = steps.map(({ sender, cancelled }) => cancelled?.inflow.get(sender) ?? Number.POSITIVE_INFINITY);
  const amount = Math.min(end.toSink, first.fromSource, ...backward);
  for (const { receiver, sender, cancelled } of steps) {
    receiver.inflow.set(sender, (receiver.inflow.get(sender) ?? 0) + amount);
    cancelled?.inflow.set(sender, (cancelled.inflow.get(sender) ?? 0) - amount);
  }
  end.toSink -= amount;
  first.fromSource -= amount;
}
