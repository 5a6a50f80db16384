import type { CapacityPlan } from "./plan";
import type { Way } from "./problem";
import { parseCpu, parseMemoryMib } from "./units";

/** How the stack file calls what a plan has in other units. */
const UNITS: Readonly<Record<string, readonly [field: string, read: (text: string) => number | undefined]>> = {
  memory: ["memoryMib", parseMemoryMib],
  cpu: ["cpu", parseCpu],
};

/** The parts of a setting: `netra:services.auth.secrets[2]`. */
export const settingParts = (setting: string): string[] =>
  setting
    .replace(/^netra:/, "")
    .split(/[.[\]]+/)
    .filter((part) => part !== "");

/**
 * The plan as it is after a way has been followed in the stack file; `undefined` where it names no setting of the plan.
 */
export function planAfter<Plan extends object = CapacityPlan>(plan: Plan, way: Way): Plan | undefined {
  const after = structuredClone(plan);
  for (const [setting, value] of way) {
    if (!setting.startsWith("netra:")) return undefined;
    const parts = settingParts(setting);
    const key = parts.pop() ?? "";
    const parent = parts.reduce<unknown>(
      (node, part) => (node !== null && typeof node === "object" ? Reflect.get(node, part) : undefined),
      after,
    );
    if (parent === null || typeof parent !== "object") return undefined;
    const [field, read] = UNITS[key] ?? [key, undefined];
    if (value === null && Array.isArray(parent)) parent.splice(Number(field), 1);
    else if (value === null) Reflect.deleteProperty(parent, field);
    else Reflect.set(parent, field, read ? read(String(value)) : value);
  }
  return after;
}
