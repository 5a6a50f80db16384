import { editionLimitProblems } from "../../../capacity/constraints/cloudsql";
import { SQL_INSTANCE } from "../../../config/resource-types";
import { resourceRule } from "../../framework/rule";
import { databaseSetting, editionOf, isPostgresInstance, settingsOf } from "../../resources/database";

export const databaseInsights = resourceRule({
  name: "database-insights",
  info: "Query insights of a PostgreSQL instance stay within what its edition allows.",
  why: "The provider's ranges are wider than Google's, so the preview passes and the creation fails.",
  severity: "medium",
  remediation:
    "Set queryStringLength and queryPlansPerMinute of settings.insightsConfig to 256..4500 and 0..20 with ENTERPRISE.",
  types: [SQL_INSTANCE],
  judge(resource, { refuse }) {
    const config = settingsOf(resource).object("insightsConfig");
    const insights = {
      queryStringLength: config.number("queryStringLength"),
      queryPlansPerMinute: config.number("queryPlansPerMinute"),
    };
    // Without either, the edition forbids nothing, whether it is known or not.
    if (insights.queryStringLength === undefined && insights.queryPlansPerMinute === undefined) return;
    if (isPostgresInstance(resource)) refuse(...editionLimitProblems(insights, editionOf(resource), databaseSetting));
  },
});
