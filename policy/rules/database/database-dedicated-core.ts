import { sharedCoreProblems } from "../../../capacity/constraints/cloudsql";
import { SQL_INSTANCE } from "../../../config/resource-types";
import { resourceRule } from "../../framework/rule";
import { databaseSetting, isPostgresInstance, settingsOf } from "../../resources/database";

export const databaseDedicatedCore = resourceRule({
  name: "database-dedicated-core",
  info: "A PostgreSQL instance runs on dedicated cores.",
  why: "All starting services authenticate at once, and a shared core has only a fraction of a CPU.",
  severity: "high",
  remediation: "Set settings.tier to a custom tier; the smallest is db-custom-1-3840.",
  types: [SQL_INSTANCE],
  judge(resource, { refuse }) {
    // `database-tier` reports a missing or invalid tier.
    if (isPostgresInstance(resource))
      refuse(...sharedCoreProblems(settingsOf(resource).text("tier") ?? "", databaseSetting));
  },
});
