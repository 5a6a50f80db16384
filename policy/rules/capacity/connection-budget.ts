import { type BudgetDatabase, connectionBudget as budgetOf, budgetProblems } from "../../../capacity/budget";
import { type Problem, problem } from "../../../capacity/problem";
import { SQL_INSTANCE } from "../../../config/resource-types";
import { type Resource, stackRule } from "../../framework/rule";
import type { UncountedClient } from "../../resources/counted-clients";
import { databaseSetting, isOtherEngine, slotsOf } from "../../resources/database";
import { clientsByDatabase, type DatabaseClients, type UnreadWorkload } from "../../resources/database-clients";
import { neutralDatabase } from "../../resources/defaults";
import { type ReservedSlots, reservedSlots } from "../../resources/reserved-slots";

export const connectionBudget = stackRule<ReservedSlots & { usableShare: number; externalMaxConnections: number }>({
  name: "connection-budget",
  info: "Every pool of every workload fits into the usable slots of its database, with both revisions of a rollout alive.",
  why: "No preview rejects pools that exceed max_connections: at the first rollout or peak the database refuses connections, and services do not start.",
  severity: "critical",
  remediation: "Lower pools or maximum instances, or raise max_connections together with a tier that can hold it.",
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
      description: "Connections that a database outside the stack allows; 0: there is no such database.",
      default: 0,
    },
  },
  judge(resources, { config, refuse, cannotEvaluate, attempt }) {
    const { databases, unread } = clientsByDatabase(resources);
    for (const { resource, error } of unread)
      attempt(resource, () => {
        throw error;
      });
    for (const instance of resources.filter((resource) => resource.type === SQL_INSTANCE && isOtherEngine(resource)))
      cannotEvaluate(otherEngine(instance), instance);

    const report = (found: DatabaseClients, slots: Slots) => {
      const blamed = found.instance ?? [...found.clients, ...found.uncounted][0]?.resource;
      const problems = overdrawn(found, slots, unread);
      for (const problem of problems) refuse(problem, blamed);
      if (problems.length === 0 && found.uncounted.length > 0)
        cannotEvaluate(incomplete(found.uncounted, slots), blamed);
    };
    for (const found of databases) {
      const { instance, clients, uncounted } = found;
      if (instance) {
        if (isOtherEngine(instance)) continue;
        attempt(instance, () => {
          const { shown, ...size } = slotsOf(instance);
          report(found, { database: { ...config, ...size }, setting: databaseSetting("maxConnections"), shown });
        });
      } else if (config.externalMaxConnections > 0) {
        const database = { ...config, maxConnections: config.externalMaxConnections };
        report(found, { database, setting: "externalMaxConnections" });
      } else {
        for (const { label, resource } of [...clients, ...uncounted])
          cannotEvaluate(
            `${label} uses a database that is not in the stack; set 'externalMaxConnections' in this rule's configuration to what it allows`,
            resource,
          );
      }
    }
  },
});

/** The slots of one database, and the setting that states them. */
interface Slots {
  readonly database: BudgetDatabase;
  readonly setting: string;
  /** The stated value, if it is not the number itself. */
  readonly shown?: string | undefined;
}

function overdrawn(
  { clients, uncounted }: DatabaseClients,
  { database, setting, shown }: Slots,
  unread: readonly UnreadWorkload[],
): Problem[] {
  const clientOf = (label: string) => clients.find((client) => client.label === label);
  return budgetProblems(budgetOf(clients, database), database, clients, {
    maxConnections: setting,
    shown,
    tier: databaseSetting("tier"),
    pool: (label, field) => `${clientOf(label)?.plan.settings[field]} of ${label}`,
    instances: (label) => `${clientOf(label)?.setting} of ${label}`,
    uncounted: [...uncounted, ...unread].map(({ label }) => label),
  });
}

/** MySQL and SQL Server are not judged; the rule reports that instead of passing. */
const otherEngine = (instance: Resource) =>
  problem({
    setting: databaseSetting("version"),
    value: instance.properties.knownOnly().text("databaseVersion"),
    must: "be a version of PostgreSQL",
    because: "no rule knows the tiers, flags and limits of MySQL and SQL Server",
    instead: "count its clients manually and waive this rule for it",
  });

/** Without every client the sum is incomplete: it shows neither that the connections fit nor what would be enough. */
function incomplete(uncounted: readonly UncountedClient[], { setting, shown, database }: Slots) {
  const labels = uncounted.map(({ label }) => label).join(", ");
  const reasons = new Map<string, string[]>();
  for (const { label, why } of uncounted) reasons.set(why, [...(reasons.get(why) ?? []), label]);
  return problem({
    setting,
    value: shown ?? database.maxConnections,
    must: `also cover the connections of ${labels}`,
    because: `they cannot be counted, and no sum is complete without them: ${[...reasons].map(([why, of]) => `${of.join(", ")} ${why}`).join("; ")}`,
    fix: "a number that covers them all, once they can be counted",
  });
}
