/**
 * Computes what follows from an object only once, and shares it with everyone who asks: an index of a stack's
 * resources, the fields of an alert's filter. A computation that throws is tried again.
 */
export function memoized<Subject extends object, Result>(
  compute: (subject: Subject) => Result,
): (subject: Subject) => Result {
  const known = new WeakMap<Subject, { readonly result: Result }>();
  return (subject) => {
    const found = known.get(subject) ?? { result: compute(subject) };
    known.set(subject, found);
    return found.result;
  };
}

/**
 * Finds the items of a list by their keys, in the order of the list. A rule that compared every workload with every
 * secret, grant or alert would grow with the product of their numbers.
 */
export function indexed<Item extends object, Key>(
  keysOf: (item: Item) => Iterable<Key>,
): (items: readonly Item[], ...keys: readonly Key[]) => readonly Item[] {
  const indexOf = memoized((items: readonly Item[]) => {
    const byKey = new Map<Key, Item[]>();
    for (const item of items)
      for (const key of new Set(keysOf(item))) {
        const known = byKey.get(key);
        if (known) known.push(item);
        else byKey.set(key, [item]);
      }
    return { byKey, positions: new Map(items.map((item, position) => [item, position])) };
  });
  return (items, ...keys) => {
    const { byKey, positions } = indexOf(items);
    const [found = [], ...more] = keys.flatMap((key) => {
      const list = byKey.get(key);
      return list ? [list] : [];
    });
    if (more.length === 0) return found;
    const position = (item: Item) => positions.get(item) ?? 0;
    return [...new Set([...found, ...more.flat()])].sort((a, b) => position(a) - position(b));
  };
}
