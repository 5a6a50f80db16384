import { describe, expect, test } from "vitest";
import { rules } from "../../policy/rules";
import { type Declared, messages, UNKNOWN } from "./harness";
import { soundConnector, soundDatabase, soundJob, soundService, soundServiceV1, soundWorkerPool } from "./services";

const resourceRules = rules.filter((rule) => rule.kind === "resource");
const sound = [soundService(), soundJob(), soundWorkerPool(), soundServiceV1(), soundConnector(), soundDatabase()];

test.each(sound)("every rule accepts the sound $name", async (resource) => {
  for (const rule of resourceRules) expect([rule.name, await messages(rule, resource)]).toEqual([rule.name, []]);
});

const SECRET = "hunter2-must-not-be-shown";
const ODD: readonly unknown[] = [
  undefined,
  null,
  "",
  UNKNOWN,
  SECRET,
  {},
  [],
  [null],
  [UNKNOWN],
  0,
  -1,
  2.5,
  Number.MAX_SAFE_INTEGER,
  true,
];

/** The resource once for every place in its properties, with the value there replaced. */
function replacements(resource: Declared, value: unknown): { readonly path: string; readonly resource: Declared }[] {
  const at = (node: unknown, path: readonly string[]): { path: string[]; properties: unknown }[] => {
    if (typeof node !== "object" || node === null) return [];
    return Object.keys(node).flatMap((key) => {
      const copy: Record<string, unknown> | unknown[] = Array.isArray(node) ? [...node] : { ...node };
      const child: unknown = Reflect.get(node, key);
      const replaced = (properties: unknown) => {
        const result: object = Array.isArray(copy) ? [...copy] : { ...copy };
        Reflect.set(result, key, properties);
        return result;
      };
      return [
        { path: [...path, key], properties: replaced(value) },
        ...at(child, [...path, key]).map((inner) => ({ path: inner.path, properties: replaced(inner.properties) })),
      ];
    });
  };
  return at(resource.properties, []).map(({ path, properties }) => ({
    path: path.join("."),
    resource: { ...resource, properties: properties as Record<string, unknown> }, // `at` keeps objects objects
  }));
}

describe.each(sound)("$name with one value replaced", (resource) => {
  test.each(ODD.map((value) => ({ value })))("by $value: no rule fails or reveals the value", async ({ value }) => {
    for (const { path, resource: changed } of replacements(resource, value))
      for (const rule of resourceRules.filter(({ types }) => types.includes(resource.type)))
        for (const message of await messages(rule, changed)) {
          expect(message, `${rule.name} at ${path}`).not.toContain("the rule itself failed");
          if (path.includes("envs")) expect(message, `${rule.name} at ${path}`).not.toContain(SECRET);
        }
  });
});
