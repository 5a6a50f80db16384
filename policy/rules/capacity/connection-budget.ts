import { type BudgetDatabase, connectionBudget as budgetOf, budgetProblems } from "../../../capacity/budget";
import { problem } from "../../../capacity/problem";
import { SQL_INSTANCE } from "../../../config/resource-types";
import { type Resource, stackRule } from "../../framework/rule";
import { databaseSetting, isOtherEngine, slotsOf } from "../../resources/database";
import { neutralDatabase } from "../../resources/defaults";
import { type DatabaseUse, databaseUses, type Holder, type Uncounted } from "../../resources/holders";
import { type ReservedSlots, reservedSlots } from "../../resources/reserved-slots";

export const connectionBudget = stackRule<ReservedSlots & { usableShare: number; externalMaxConnections: number }>({
  name: "connection-budget",
  info: "Every pool of every workload fits into the usable slots of its database, with both revisions of a rollout alive.",
  why: "Nothing rejects pools that exceed max_connections: at the first rollout or peak the database refuses connections, and services do not start.",
  severity: "critical",
  remediation: "Lower pools or maximum instances, or raise max_connections with the tier that holds it.",
  config: {
    usableShare: {
      type: "number",
      exclusiveMinimum: 0,
      maximum: 1,
      description: "Share of max_connections that may be used.",
      default: neutralDatabase.usableShare,
      fromPlan: ({ database }) => database.usableShare,
    },
    ...reservedSlots,
    externalMaxConnections: {
      type: "integer",
      minimum: 0,
      description: "What a database outside the stack allows; 0: there is none.",
      default: 0,
    },
  },
  judge(resources, { config, refuse, cannotEvaluate, attempt }) {
    const { uses, unread } = databaseUses(resources);
    for (const { resource, error } of unread)
      attempt(resource, () => {
        throw error;
      });
    const judgeOne = (use: DatabaseUse, database: BudgetDatabase, setting: string, shown?: string) => {
      const blamed = use.instance ?? [...use.holders, ...use.uncounted][0]?.resource;
      const budget = budgetOf(use.holders, database);
      const names = {
        ...namesOf(use.holders, setting, shown),
        uncounted: [...use.uncounted, ...unread].map(({ label }) => label),
      };
      const problems = budgetProblems(budget, database, use.holders, names);
      for (const problem of problems) refuse(problem, blamed);
      if (problems.length === 0 && use.uncounted.length > 0)
        cannotEvaluate(incomplete(use.uncounted, setting, shown ?? database.maxConnections), blamed);
    };
    for (const instance of resources.filter((resource) => resource.type === SQL_INSTANCE && isOtherEngine(resource)))
      cannotEvaluate(otherEngine(instance), instance);
    for (const use of uses)
      if (use.instance) {
        const { instance } = use;
        if (isOtherEngine(instance)) continue;
        attempt(instance, () => {
          const { shown, ...size } = slotsOf(instance);
          judgeOne(use, { ...config, ...size }, databaseSetting("maxConnections"), shown);
        });
      } else if (config.externalMaxConnections > 0)
        judgeOne(use, { ...config, maxConnections: config.externalMaxConnections }, "externalMaxConnections");
      else
        for (const { label, resource } of [...use.holders, ...use.uncounted])
          cannotEvaluate(
            `${label} uses a database that does not stand in the stack; set 'externalMaxConnections' in this rule's configuration to what it allows`,
            resource,
          );
  },
});

function namesOf(holders: readonly Holder[], maxConnections: string, shown: string | undefined) {
  const holderOf = (label: string) => holders.find((holder) => holder.label === label);
  return {
    maxConnections,
    shown,
    tier: databaseSetting("tier"),
    pool: (label: string, field: "poolSize" | "maxOverflow" | "workers") =>
      `${holderOf(label)?.plan.settings[field]} of ${label}`,
    instances: (label: string) => `${holderOf(label)?.setting} of ${label}`,
  };
}

/** MySQL and SQL Server are not judged, and that is no pass. */
const otherEngine = (instance: Resource) =>
  problem({
    setting: databaseSetting("version"),
    value: instance.properties.knownOnly().text("databaseVersion"),
    must: "be PostgreSQL's for its connections to be judged",
    because: "no rule knows the tiers, flags and limits of MySQL and SQL Server",
    instead: "count its clients by hand and waive this rule for it",
  });

/** A sum that lacks a holder: no number follows from it, neither that it fits nor what would. */
function incomplete(uncounted: readonly Uncounted[], setting: string, value: unknown) {
  const labels = uncounted.map(({ label }) => label).join(", ");
  const reasons = new Map<string, string[]>();
  for (const { label, why } of uncounted) reasons.set(why, [...(reasons.get(why) ?? []), label]);
  return problem({
    setting,
    value,
    must: `also cover the connections of ${labels}`,
    because: `they cannot be counted, and no sum is complete without them: ${[...reasons].map(([why, of]) => `${of.join(", ")} ${why}`).join("; ")}`,
    fix: "a number that covers them all, once they can be counted",
  });
}
