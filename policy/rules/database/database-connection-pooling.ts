import { poolingProblems } from "../../../capacity/constraints/cloudsql";
import { SQL_INSTANCE } from "../../../config/resource-types";
import { resourceRule } from "../../framework/rule";
import { databaseSetting, editionOf, settingsOf } from "../../resources/database";

export const databaseConnectionPooling = resourceRule({
  name: "database-connection-pooling",
  info: "Managed connection pooling is configured on Enterprise Plus instances only.",
  why: "Other editions do not have it, and Google refuses it only at creation.",
  severity: "medium",
  remediation: "Remove settings.connectionPoolConfigs and size the applications' pools, or move to ENTERPRISE_PLUS.",
  types: [SQL_INSTANCE],
  judge(resource, { refuse }) {
    const pools = settingsOf(resource).list("connectionPoolConfigs");
    if (pools.some((pool) => pool.flag("connectionPoolingEnabled") !== false))
      refuse(...poolingProblems(editionOf(resource), databaseSetting));
  },
});
