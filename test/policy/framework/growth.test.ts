import { describe, expect, it } from "vitest";
import { manyServices } from "../../../commands/bench/large-plans";
import { planOf, readSettings } from "../../../config/read";
import { asJudged, evaluate } from "../../../engine/evaluate";
import type { StackResource } from "../../../policy/framework/rule";
import { linkResources } from "../../../policy/framework/stack-resources";
import { rules } from "../../../policy/rules";
import { declare } from "../../../stack";
import { FEW_STORMS } from "../../stack-settings";

/* Counts what the rules read instead of timing them: a count is the same on any machine. */

const SERVICES = 20;
/** Twice the services are read twice as often; the rest is for lists that are sorted. */
const MOST_GROWTH = 2.3;

/** Large and sound, with few storms: they are not what grows here. */
const stackOf = (count: number): Readonly<Record<string, unknown>> => ({ ...manyServices(count), ...FEW_STORMS });

/** How often each rule on the whole stack reads a resource's type or its properties. */
async function readsOf(configuration: Readonly<Record<string, unknown>>): Promise<Map<string, number>> {
  const settings = readSettings(configuration);
  const registered = await evaluate("staging", configuration, () => declare(settings));
  const program = registered.map((resource) => asJudged(resource, settings));
  let reads = 0;
  const counted = (resource: StackResource) => {
    for (const key of ["type", "properties"] as const) {
      const value = resource[key];
      const get = () => {
        reads++;
        return value;
      };
      Object.defineProperty(resource, key, { get, enumerable: true });
    }
  };
  return new Map(
    rules.flatMap((rule) => {
      if (rule.kind !== "stack") return [];
      const stack = linkResources(program.map(({ inputs: _, outputs, ...one }) => ({ ...one, properties: outputs })));
      stack.forEach(counted);
      reads = 0;
      rule.findings(stack, { plan: planOf(settings) });
      return [[rule.name, reads] as const];
    }),
  );
}

describe("a rule on the whole stack", async () => {
  const [few, many] = [await readsOf(stackOf(SERVICES)), await readsOf(stackOf(2 * SERVICES))];

  it.each([...few])("grows no faster than the stack: %s", (rule, reads) => {
    expect(reads).toBeGreaterThan(0);
    expect((many.get(rule) ?? 0) / reads).toBeLessThan(MOST_GROWTH);
  });
});
