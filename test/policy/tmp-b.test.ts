import type { ResourceValidationPolicy } from "@pulumi/policy";
import { describe, expect, test } from "vitest";
import { rules } from "/work/main/policy/rules";
import { type Declared, messages, UNKNOWN } from "/work/main/test/policy/harness";
import { soundConnector, soundDatabase, soundJob, soundService, soundServiceV1, soundWorkerPool } from "/work/main/test/policy/services";

const resourceRules = rules.filter((rule): rule is ResourceValidationPolicy & (typeof rules)[number] => "validateResource" in rule);
const sound = [soundService(), soundJob(), soundWorkerPool(), soundServiceV1(), soundConnector(), soundDatabase()];

test.each(sound)("every rule accepts the sound $name", async (resource) => {
  for (const rule of resourceRules) expect([rule.name, await messages(rule, resource)]).toEqual([rule.name, []]);
});

const SECRET = "hunter2-is-not-to-be-told";
const ODD: readonly unknown[] = [undefined, null, "", UNKNOWN, SECRET, {}, [], [null], [UNKNOWN], 0, -1, 2.5, Number.MAX_SAFE_INTEGER, true];

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


test("list", async () => {
  const out: Record<string, string[]> = {};
  for (const value of ODD) for (const resource of [soundService(), soundServiceV1(), soundWorkerPool(), soundJob()])
    for (const { path, resource: changed } of replacements(resource, value)) {
      let n = 0;
      for (const rule of resourceRules) n += (await messages(rule, changed)).length;
      if (n === 0) (out[`${resource.name} ${path}`] ??= []).push(value === UNKNOWN ? "UNK" : JSON.stringify(value) ?? "undef");
    }
  for (const [k, v] of Object.entries(out)) console.log(k, v.join(" "));
});
