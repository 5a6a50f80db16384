import { editionProblems, tierProblems } from "../../../capacity/constraints/cloudsql";
import { SQL_INSTANCE } from "../../../config/resource-types";
import { resourceRule } from "../../framework/rule";
import { databaseSetting, isPostgresInstance, settingsOf, versionOf } from "../../resources/database";

export const databaseEdition = resourceRule({
  name: "database-edition",
  info: "A database instance has an existing edition, and states it where Google's default edition does not allow its tier.",
  why: "PostgreSQL 16 and newer default to ENTERPRISE_PLUS, which has no custom or shared-core tiers, and the creation fails.",
  severity: "high",
  remediation: "Set settings.edition to ENTERPRISE, or to ENTERPRISE_PLUS with a db-perf-optimized-N tier.",
  types: [SQL_INSTANCE],
  judge(resource, { refuse }) {
    const settings = settingsOf(resource);
    const edition = settings.text("edition");
    refuse(...editionProblems(edition, databaseSetting));
    if (edition || !isPostgresInstance(resource)) return;
    const db = { tier: settings.text("tier"), version: versionOf(resource) };
    // `database-tier` reports an invalid tier.
    refuse(...tierProblems(db, databaseSetting).filter((problem) => problem.setting === databaseSetting("edition")));
  },
});
