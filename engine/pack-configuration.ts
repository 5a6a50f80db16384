import { readFileSync } from "node:fs";
import Ajv, { type ErrorObject } from "ajv";
import { closest } from "fastest-levenshtein";
import { InputError, type InputProblem, inputError } from "../capacity/problem";
import { LEVELS, type PackConfiguration } from "../policy/framework/judgement";
import type { Rule } from "../policy/framework/rule";
import { configSchema } from "../policy/framework/settings";

/**
 * Reads a `--policy-pack-config` file and validates it as the engine does: every rule exists, every setting matches the
 * rule's schema, every waiver names its resource and a reason.
 * @throws InputError with every problem.
 */
export function readPackConfiguration(file: string, rules: readonly Rule[]): PackConfiguration {
  const content = parsed(file);
  const problems = Object.entries(content).flatMap(([name, value]) => problemsOf(file, name, value, rules));
  if (problems.length > 0) throw new InputError(problems);
  return content as PackConfiguration; // every entry has just been validated
}

function parsed(file: string): object {
  const wrong = (rest: string) => inputError("--policy-pack-config", `(${file}) ${rest}`);
  let content: unknown;
  try {
    content = JSON.parse(readFileSync(file, "utf8"));
  } catch (error) {
    const because = error instanceof SyntaxError ? error.message : "it cannot be read";
    throw wrong(`must be a readable JSON file because pulumi accepts no other; ${because}`);
  }
  if (content === null || typeof content !== "object" || Array.isArray(content))
    throw wrong("must hold an object because it maps rules to their settings; write {} for no settings");
  return content;
}

function problemsOf(file: string, name: string, value: unknown, rules: readonly Rule[]): InputProblem[] {
  const wrong = (setting: string, rest: string): InputProblem => ({
    setting,
    message: `'${setting}' in ${file} ${rest}`,
  });
  const rule = rules.find((candidate) => candidate.name === name);
  if (!rule && name !== "all") {
    const names = rules.map((candidate) => candidate.name);
    const containing = names.filter((other) => other.includes(name)); // part of a name is a better guess than a misspelling
    const meant = closest(name, containing.length > 0 ? containing : names);
    return [wrong(name, `must be the name of a rule because only rules can be configured; did you mean '${meant}'?`)];
  }
  if (typeof value === "string")
    return LEVELS.some((level) => level === value)
      ? []
      : [wrong(name, `must be an enforcement level because it is a string; use one of ${LEVELS.join(", ")}`)];
  const validate = new Ajv({ allErrors: true, strict: false }).compile({
    type: "object",
    additionalProperties: false,
    properties: { enforcementLevel: { enum: LEVELS }, ...(rule && configSchema(rule)) },
  });
  if (validate(value)) return [];
  return (validate.errors ?? []).map((error) =>
    wrong(
      `${name}${error.instancePath.replaceAll("/", ".")}`,
      `${reason(error)}; see the rule's settings in the policy pack's README`,
    ),
  );
}

function reason(error: ErrorObject): string {
  const allowed = Array.isArray(error.params.allowedValues) ? ` (${error.params.allowedValues.join(", ")})` : "";
  const extra = typeof error.params.additionalProperty === "string" ? ` ('${error.params.additionalProperty}')` : "";
  return `${error.message ?? "is not valid"}${allowed}${extra}`;
}
