import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { heaviestAntichain } from "../../capacity/antichain";

interface Item {
  readonly weight: number;
  /** All that come after it, directly or not. */
  readonly after: readonly Item[];
}

/** Any order of up to nine items: an earlier one may come after any of the later ones. */
const orders = fc
  .array(fc.record({ weight: fc.nat(9), direct: fc.array(fc.nat(8)) }), { maxLength: 9 })
  .map((drawn) => {
    const items: Item[] = [];
    for (const { weight, direct } of drawn)
      items.push({
        weight,
        after: [...new Set(items.filter((_, i) => direct.includes(i)).flatMap((item) => [item, ...item.after]))],
      });
    return items;
  });

const weightOf = ({ weight }: Item) => weight;
const afterOf = ({ after }: Item) => after;
const sum = (items: readonly Item[]) => items.reduce((total, { weight }) => total + weight, 0);
const isAntichain = (items: readonly Item[]) => !items.some(({ after }) => items.some((item) => after.includes(item)));

/** By trying them all. */
const heaviest = (items: readonly Item[]) =>
  Math.max(
    ...Array.from({ length: 2 ** items.length }, (_, bits) => items.filter((_, i) => (bits >> i) & 1)).map((set) =>
      isAntichain(set) ? sum(set) : 0,
    ),
  );

describe("the heaviest antichain", () => {
  it("is one, and none is heavier", () => {
    fc.assert(
      fc.property(orders, (items) => {
        const found = heaviestAntichain(items, weightOf, afterOf);
        expect(isAntichain(found)).toBe(true);
        expect(sum(found)).toBe(heaviest(items));
      }),
    );
  });

  it("is everything where nothing has an order, and the heaviest item where all stand in a row", () => {
    const weights = Array.from({ length: 50 }, (_, i) => 1 + ((i * 7) % 11));
    expect(
      heaviestAntichain(
        weights.map((weight): Item => ({ weight, after: [] })),
        weightOf,
        afterOf,
      ),
    ).toHaveLength(50);
    const row = weights.reduce<Item[]>((items, weight) => items.concat({ weight, after: items }), []);
    expect(heaviestAntichain(row, weightOf, afterOf).map(weightOf)).toEqual([11]);
  });
});
