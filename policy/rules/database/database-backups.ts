import { editionLimitProblems } from "../../../capacity/constraints/cloudsql";
import { problem } from "../../../capacity/problem";
import { SQL_INSTANCE } from "../../../config/resource-types";
import { resourceRule } from "../../framework/rule";
import { editionOf, isPostgresInstance, isReplica, settingsOf } from "../../resources/database";

export const databaseBackups = resourceRule({
  name: "database-backups",
  info: "A primary database instance has backups, and a PostgreSQL one point-in-time recovery.",
  why: "Without backups the first mistake loses the database; Google refuses point-in-time recovery without backups.",
  severity: "high",
  remediation: "Set enabled and pointInTimeRecoveryEnabled of settings.backupConfiguration to true.",
  types: [SQL_INSTANCE],
  judge(resource, { refuse }) {
    if (isReplica(resource)) return;
    const backups = settingsOf(resource).object("backupConfiguration");
    const mustBeTrue = (field: string, because: string) => {
      const value = backups.flag(field);
      if (value !== true) refuse(problem({ setting: backups.at(field), value, must: "be true", because, fix: "true" }));
    };
    mustBeTrue("enabled", "nothing else brings the data back, and point-in-time recovery starts from a backup");
    if (!isPostgresInstance(resource)) return;
    mustBeTrue("pointInTimeRecoveryEnabled", "a backup alone loses what was written since");
    const days = { transactionLogDays: backups.number("transactionLogRetentionDays") };
    refuse(...editionLimitProblems(days, editionOf(resource), () => backups.at("transactionLogRetentionDays")));
  },
});
