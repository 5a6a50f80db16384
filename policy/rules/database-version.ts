import { versionProblems } from "../../capacity/cloudsql";
import { databaseSetting } from "../database";
import { resourceRule } from "../rule";
import { SQL_INSTANCE } from "../types";

export const databaseVersion = resourceRule({
  name: "database-version",
  info: "A database instance's version is written as Cloud SQL writes it.",
  why: "No preview reads the version, and which rules apply to an instance depends on it.",
  severity: "medium",
  remediation: "Set databaseVersion to a value such as POSTGRES_14.",
  types: [SQL_INSTANCE],
  judge({ properties }, { refuse }) {
    refuse(...versionProblems(properties.text("databaseVersion"), databaseSetting));
  },
});
