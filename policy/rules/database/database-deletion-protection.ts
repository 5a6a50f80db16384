import { problem } from "../../../capacity/problem";
import { SQL_INSTANCE } from "../../../config/resource-types";
import { resourceRule } from "../../framework/rule";
import { isReplica, settingsOf } from "../../resources/database";

export const databaseDeletionProtection = resourceRule({
  name: "database-deletion-protection",
  info: "A primary database instance is protected from deletion by Pulumi and by Google.",
  why: "A changed network or name replaces the instance with all its data, and the preview is green.",
  severity: "critical",
  remediation: "Leave deletionProtection at true and set settings.deletionProtectionEnabled to true.",
  types: [SQL_INSTANCE],
  judge(resource, { refuse }) {
    if (isReplica(resource)) return;
    // Pulumi's protection is on by default; Google's is off by default.
    if (resource.properties.flag("deletionProtection") === false)
      refuse(
        problem({
          setting: "deletionProtection",
          value: false,
          must: "be true",
          because: "a replacement deletes the data first",
          fix: "true",
        }),
      );
    const enabled = settingsOf(resource).flag("deletionProtectionEnabled");
    if (enabled !== true)
      refuse(
        problem({
          setting: "settings.deletionProtectionEnabled",
          value: enabled,
          must: "be true",
          because: "otherwise the console, gcloud and the API can delete the instance",
          fix: "true",
        }),
      );
  },
});
