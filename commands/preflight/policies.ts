import { cloudName } from "../../policy/resources/cloud-name";
import { groupedBy } from "../diagnose/findings";
import type { Gap } from "../shared/cloud/classify";
import { collectingLine, collectingLines, SOURCES } from "../shared/cloud/sources";
import { type Answer, fine, nameList, open, wrong } from "./answer";
import { type Constraint, constraints } from "./constraints";
import { type Facts, objectsOf } from "./facts";
import { type Policy, policy } from "./schemas";

/** Whether the organisation's policies allow what the plan needs. */
export function judgePolicies(facts: Facts): Answer[] {
  const known = objectsOf(facts, "policies", policy);
  if ("open" in known) return [known.open];
  const byName = new Map(known.objects.map((one) => [cloudName(one.name)?.name, one]));
  const concerned = constraints.filter((constraint) => concerns(constraint, facts));
  const unknown = concerned.filter(({ name }) => !byName.has(name));
  const answers = [
    ...concerned.flatMap((constraint) => {
      const effective = byName.get(constraint.name);
      return effective ? judge(constraint, effective, facts) : [];
    }),
    ...[...groupedBy(unknown, ({ name }) => gapOf(name, facts).why).values()].map((some) =>
      unreadPolicies(
        gapOf(some[0].name, facts),
        some.map(({ name }) => name),
        concerned.length,
        facts,
      ),
    ),
  ];
  return answers.length > 0 ? answers : [fine(`none of ${concerned.length} constraints forbids what the plan needs`)];
}

const concerns = ({ values, concerns: isConcerned, statesNone }: Constraint, { settings }: Facts) =>
  statesNone === true || (values ? values(settings).length > 0 : (isConcerned?.(settings) ?? true));

function gapOf(name: string, { collection }: Facts): Gap {
  const { absent, gaps } = collection.items.policies;
  return gaps.get(name) ?? { why: absent.has(name) ? "Google knows no such constraint" : "no file shows them" };
}

function unreadPolicies({ why, mend }: Gap, names: readonly string[], of: number, { settings }: Facts): Answer {
  const [line = ""] = collectingLines(settings, ["policies"], { policies: names });
  return open(`${SOURCES.policies.what}${names.length < of ? ` ${names.join(", ")}` : ""}`, why, mend ?? line);
}

function judge(constraint: Constraint, { spec: { rules } }: Policy, { settings }: Facts): Answer[] {
  const { name, values, statesNone } = constraint;
  if (statesNone)
    return rules.some(({ denyAll, values: list }) => denyAll || (list?.allowedValues.length ?? 0) > 0)
      ? [forbidden(constraint, [], settings.project)]
      : [];
  if (!values) return rules.some(({ enforce }) => enforce) ? [forbidden(constraint, [], settings.project)] : [];
  const verdicts = values(settings).map((forms) => ({ value: forms[0] ?? "", verdict: verdictOn(forms, rules) }));
  const refused = verdicts.filter(({ verdict }) => verdict === "refused").map(({ value }) => value);
  const unknown = verdicts.filter(({ verdict }) => verdict === "unknown").map(({ value }) => value);
  const line = collectingLine("policies", settings, name);
  return [
    ...(refused.length > 0 ? [forbidden(constraint, refused, settings.project)] : []),
    ...(unknown.length > 0
      ? [
          open(
            `${SOURCES.policies.what} ${name}`,
            `it names groups of values, and whether ${nameList(unknown)} is in one of them is not known`,
            line,
          ),
        ]
      : []),
  ];
}

/**
 * How a list of rules takes one value. Groups (`in:`) and subtrees (`under:`) that are not among the value's forms may
 * hold it all the same.
 */
function verdictOn(forms: readonly string[], rules: Policy["spec"]["rules"]): "allowed" | "refused" | "unknown" {
  const plain = (value: string) => value.replace(/^is:/, "");
  const [allowed, denied] = [
    rules.flatMap(({ values }) => values?.allowedValues ?? []),
    rules.flatMap(({ values }) => values?.deniedValues ?? []),
  ];
  const holds = (list: readonly string[]) => list.some((value) => forms.includes(plain(value)));
  // Groups of places hold regions and their zones; `global` is in none of them.
  const mayHold = (list: readonly string[]) =>
    !forms.includes("global") && list.some((value) => /^(?:in|under):/.test(value));
  if (rules.some(({ denyAll }) => denyAll) || holds(denied)) return "refused";
  if (rules.some(({ allowAll }) => allowAll)) return mayHold(denied) ? "unknown" : "allowed";
  if (allowed.length === 0) return mayHold(denied) ? "unknown" : "allowed";
  if (holds(allowed)) return mayHold(denied) ? "unknown" : "allowed";
  return mayHold(allowed) ? "unknown" : "refused";
}

function forbidden(
  { name, because, setting, statesNone }: Constraint,
  values: readonly string[],
  project: string,
): Answer {
  const what =
    values.length > 0 ? `allow ${nameList(values)}` : statesNone ? "have no list of allowed values" : "not be enforced";
  return wrong(`the organisation policy ${name} must ${what} because ${because}`, [
    ...(setting === undefined ? [] : [`set ${setting}`]),
    `ask an administrator of the organisation for an exception for ${project}; gcloud org-policies describe ${name} --effective --project=${project} shows the effective policy`,
  ]);
}
