import { diskProblems } from "../../capacity/cloudsql";
import { databaseSetting, settingsOf } from "../database";
import { resourceRule } from "../rule";
import { SQL_INSTANCE } from "../types";

export const databaseDisk = resourceRule({
  name: "database-disk",
  info: "A database instance's disk is at least as large as its type starts at.",
  why: "The preview takes any size; Google refuses a smaller disk at creation.",
  severity: "low",
  remediation: "Set settings.diskSize to 10 GB or more (20 GB with HYPERDISK_BALANCED), or leave it out.",
  types: [SQL_INSTANCE],
  judge(resource, { refuse }) {
    const settings = settingsOf(resource);
    const diskGb = settings.number("diskSize");
    if (diskGb !== undefined) refuse(...diskProblems({ diskGb, diskType: settings.text("diskType") }, databaseSetting));
  },
});
