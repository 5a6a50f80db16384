import { type BudgetDatabase, connectionBudget as budgetOf, budgetProblems } from "../../capacity/budget";
import { databaseSetting, slotsOf } from "../database";
import defaults from "../defaults.json";
import { databaseUses, type Holder } from "../holders";
import { type Resource, stackRule } from "../rule";

const { usableShare, reservedConnections, migrationConnections } = defaults.database;
const count = { type: "integer", minimum: 0 };

export const connectionBudget = stackRule<
  Pick<BudgetDatabase, "usableShare" | "reservedConnections" | "migrationConnections"> & { externalMaxConnections: number }
>({
  name: "connection-budget",
  info: "Every pool of every workload fits into the usable slots of its database, with both revisions of a rollout alive.",
  why: "Nothing rejects pools that exceed max_connections: at the first rollout or peak the database refuses connections, and services do not start.",
  severity: "critical",
  remediation: "Lower pools or maximum instances, or raise max_connections with the tier that holds it.",
  config: {
    usableShare: { type: "number", exclusiveMinimum: 0, maximum: 1, description: "Share of max_connections that may be used.", default: usableShare },
    reservedConnections: { ...count, description: "Slots kept for superusers, Cloud SQL's agents and people.", default: reservedConnections },
    migrationConnections: { ...count, description: "Slots that migrations take while services start.", default: migrationConnections },
    externalMaxConnections: { ...count, description: "What a database outside the stack allows; 0: there is none.", default: 0 },
  },
  judge(resources, { config, refuse, cannotEvaluate, attempt }) {
    const judge = (database: BudgetDatabase, holders: readonly Holder[], blamed: Resource | undefined, setting: string, shown?: string) => {
      const names = {
        maxConnections: setting,
        shown,
        pool: (label: string) => `'DB_POOL_SIZE', 'DB_MAX_OVERFLOW' and 'WEB_CONCURRENCY' of ${label}`,
        instances: (label: string) => `'${holders.find((holder) => holder.label === label)?.setting}' of ${label}`,
      };
      for (const problem of budgetProblems(budgetOf(holders, database), database, names)) refuse(problem, blamed);
    };
    for (const { instance, holders } of databaseUses(resources, { attempt }))
      if (instance)
        attempt(instance, () => {
          const { shown, ...size } = slotsOf(instance);
          judge({ ...config, ...size }, holders, instance, databaseSetting("maxConnections"), shown);
        });
      else if (config.externalMaxConnections > 0)
        judge({ ...config, maxConnections: config.externalMaxConnections }, holders, holders[0]?.resource, "externalMaxConnections");
      else
        for (const { label, resource } of holders)
          cannotEvaluate(
            `${label} uses a database that does not stand in the stack; set 'externalMaxConnections' in this rule's configuration to what it allows`,
            resource,
          );
  },
});
