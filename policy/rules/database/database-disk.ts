import { diskProblems } from "../../../capacity/constraints/cloudsql";
import { SQL_INSTANCE } from "../../../config/resource-types";
import { resourceRule } from "../../framework/rule";
import { databaseSetting, settingsOf } from "../../resources/database";

export const databaseDisk = resourceRule({
  name: "database-disk",
  info: "A database instance's disk has an existing type and at least that type's minimum size.",
  why: "The preview accepts any type and size; Google refuses them at creation.",
  severity: "low",
  remediation: "Set settings.diskSize to 10 GB or more (20 GB with HYPERDISK_BALANCED), or leave it out.",
  types: [SQL_INSTANCE],
  judge(resource, { refuse }) {
    const settings = settingsOf(resource);
    refuse(
      ...diskProblems({ diskGb: settings.number("diskSize"), diskType: settings.text("diskType") }, databaseSetting),
    );
  },
});
