import { defaultMaxConnections, parseTier } from "../../../capacity/constraints/cloudsql";
import { cloudSqlLimits } from "../../../capacity/limits";
import { problem } from "../../../capacity/problem";
import { SQL_INSTANCE } from "../../../config/resource-types";
import { type StackResource, stackRule } from "../../framework/rule";
import { ofTypes } from "../../framework/stack-resources";
import { flagsOf, isPostgresInstance, settingsOf } from "../../resources/database";
import { primariesOf } from "../../resources/primaries";

export const databaseReplicaFlags = stackRule({
  name: "database-replica-flags",
  info: "A PostgreSQL read replica has at least its primary's value of every flag that PostgreSQL compares at a standby's start.",
  why: "Recovery aborts with 'insufficient parameter settings', and the replica does not start.",
  severity: "high",
  remediation: "Set the flag of the replica to the primary's number or more; raise it on the replica first.",
  judge(resources, { refuse, attempt }) {
    for (const replica of ofTypes(resources, SQL_INSTANCE))
      attempt(replica, () => {
        if (!isPostgresInstance(replica)) return;
        for (const primary of primariesOf(replica, resources))
          attempt(primary, () => {
            for (const flag of Object.keys(cloudSqlLimits.standbyFlags.value)) {
              const [own, wanted] = [flagOf(replica, flag), flagOf(primary, flag)];
              // `database-max-connections` refuses a replica without max_connections.
              const isJudged = own.stated !== undefined || (flag !== "max_connections" && wanted.stated !== undefined);
              if (!isJudged || own.value === undefined || wanted.value === undefined || own.value >= wanted.value)
                continue;
              refuse(
                problem({
                  setting: `${settingsOf(replica).at("databaseFlags")}[${flag}]`,
                  value: own.stated,
                  must: `be at least ${wanted.value}`,
                  because: `${primary.name}, its primary, has ${wanted.value}, and a standby with fewer does not start`,
                  fix: wanted.value,
                }),
                replica,
              );
            }
          });
      });
  },
});

/** `value`: the default if the program states none; absent if it is unknown. */
function flagOf(
  instance: StackResource,
  flag: string,
): { readonly stated: number | undefined; readonly value: number | undefined } {
  const stated = flagsOf(instance, flag)[0]?.number("value");
  const machine = parseTier(settingsOf(instance).text("tier") ?? "");
  const byTier = machine && defaultMaxConnections(machine);
  return { stated, value: stated ?? (flag === "max_connections" ? byTier : cloudSqlLimits.standbyFlags.value[flag]) };
}
