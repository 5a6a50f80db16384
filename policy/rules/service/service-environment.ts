import { STRINGIFIED_OUTPUT } from "../../../capacity/constraints/secret-value";
import { cloudRunLimits } from "../../../capacity/limits";
import { type Problem, problem } from "../../../capacity/problem";
import { resourceRule } from "../../framework/rule";
import { type Variable, WORKLOAD_TYPES, workloadOf } from "../../resources/workload";

export const serviceEnvironment = resourceRule({
  name: "service-environment",
  info: "Every environment variable has a unique name that Cloud Run does not reserve, and one value.",
  why: "The preview accepts duplicates, reserved names and variables without a value; Google refuses them, or one of two values wins by chance.",
  severity: "medium",
  remediation: "Give every variable one name and either a value or a secret; set ports.containerPort instead of PORT.",
  types: WORKLOAD_TYPES,
  judge(resource, { refuse, attempt }) {
    for (const container of workloadOf(resource)?.containers ?? []) {
      attempt(() => {
        if (container.inputs.list("envFroms").length > 0)
          refuse(
            problem({
              setting: container.inputs.at("envFroms"),
              must: "not be set",
              because: "Cloud Run does not support it",
              instead: "set 'envs' instead",
            }),
          );
      });
      const variables = attempt(() => container.variables) ?? [];
      const names = variables.map(({ name }) => name);
      for (const [index, variable] of variables.entries())
        attempt(() => {
          refuse(...nameProblems(variable, names.indexOf(variable.name) < index));
          refuse(...valueProblems(variable));
        });
    }
  },
});

function nameProblems({ name, setting, inputs }: Variable, isSecond: boolean): Problem[] {
  if (!/^[^\s=\0]+$/.test(name))
    return [
      problem({
        setting: inputs.at("name"),
        value: name === "" ? "empty" : "not shown",
        must: "be a name without spaces and '='",
        because: "Cloud Run refuses any other",
        fix: "a name such as LOG_LEVEL",
      }),
    ];
  if (cloudRunLimits.reservedVariables.value.includes(name)) {
    const because = `Cloud Run sets it itself${name === "PORT" ? ", from 'ports.containerPort'" : ""}`;
    return [problem({ setting, must: "not be set", because, instead: "remove it" })];
  }
  if (isSecond)
    return [
      problem({
        setting,
        must: "be set once",
        because: "one of several values wins by chance",
        instead: "remove the others",
      }),
    ];
  return [];
}

/** An empty text is a stated value; an absent one is not. In outputs a variable from a secret has an empty value. */
function valueProblems({ setting, inputs }: Variable): Problem[] {
  const source = ["valueSource", "valueFrom"].find((key) => inputs.has(key));
  const value = inputs.isUnknown("value") ? "unknown" : inputs.text("value");
  if (value?.includes(STRINGIFIED_OUTPUT))
    return [
      problem({
        setting,
        must: "be a value",
        because: "it contains JavaScript's text for an Output",
        instead: `set '${setting}' with pulumi.interpolate or apply instead of a template literal`,
      }),
    ];
  if (!source)
    return value === undefined
      ? [
          problem({
            setting,
            value,
            must: "have a value or a secret",
            because: "it has neither",
            fix: 'a value ("" for an empty one) or a secretKeyRef',
          }),
        ]
      : [];
  if (value)
    return [
      problem({
        setting,
        must: "have either a value or a secret",
        because: "Cloud Run refuses both",
        instead: "remove one of them",
      }),
    ];
  const reference = inputs.object(source).object("secretKeyRef");
  const key = source === "valueSource" ? "secret" : "name";
  if (reference.isUnknown(key) || reference.text(key)) return [];
  return [
    problem({
      setting: reference.at(key),
      value: undefined,
      must: "name a secret",
      because: "the variable otherwise has no value",
      fix: "the secret's id",
    }),
  ];
}
