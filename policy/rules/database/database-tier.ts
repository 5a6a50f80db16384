import { tierProblems } from "../../../capacity/constraints/cloudsql";
import { SQL_INSTANCE } from "../../../config/resource-types";
import { resourceRule } from "../../framework/rule";
import { databaseSetting, isPostgresInstance, settingsOf, versionOf } from "../../resources/database";

export const databaseTier = resourceRule({
  name: "database-tier",
  info: "A PostgreSQL instance states a tier that exists and belongs to its edition.",
  why: "The tier is an unchecked text until Google creates the instance.",
  severity: "high",
  remediation:
    "Set settings.tier to a custom tier such as db-custom-1-3840, or with edition ENTERPRISE_PLUS to a db-perf-optimized-N tier.",
  types: [SQL_INSTANCE],
  judge(resource, { refuse }) {
    if (!isPostgresInstance(resource)) return;
    const settings = settingsOf(resource);
    const db = { tier: settings.text("tier"), edition: settings.text("edition"), version: versionOf(resource) };
    // `database-edition` reports a missing edition.
    refuse(...tierProblems(db, databaseSetting).filter((problem) => problem.setting === databaseSetting("tier")));
  },
});
